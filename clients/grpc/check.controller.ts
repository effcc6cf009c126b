import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { AUTHORIZATION_MANAGER, type AuthorizationManager } from '#managers/authorization/contract.js';
import type {
  BatchCheckPermissionsRequest,
  BatchCheckPermissionsResponse,
  CheckPermissionRequest,
  CheckPermissionResponse,
  ListEffectivePermissionsRequest,
  ListEffectivePermissionsResponse,
} from '#protos/generated/countersign/auth/v1/auth.js';
import { OpenToAll } from '../access.decorators.js';
import { readCheck, readEffective } from '../check.requests.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from '../handler-deadline.js';
import { CALLERS, type Callers } from './callers.js';
import { circumstancesOf, decisionMessage, itemOf, stateMessage } from './check.messages.js';
import { GrpcStatusFilter } from './status.filter.js';

/** Live decisions for clients, whom the interceptor has let in; without one every handler refuses. A denial is an answer: OK. */
@OpenToAll()
@Controller()
@UseFilters(GrpcStatusFilter)
export class GrpcCheckController {
  constructor(
    @Inject(AUTHORIZATION_MANAGER) private readonly manager: AuthorizationManager,
    @Inject(CALLERS) private readonly callers: Callers,
    @Inject(HANDLER_DEADLINE) private readonly deadline: HandlerDeadline,
  ) {}

  @GrpcMethod('AuthService', 'checkPermission')
  async checkPermission(request: CheckPermissionRequest, metadata: Metadata): Promise<CheckPermissionResponse> {
    const { item } = request;
    const { decisions, state, decisionId } = await this.decided(
      { ...request, items: item === undefined ? [] : [item] },
      metadata,
    );
    return { decision: decisions[0], state, decisionId };
  }

  @GrpcMethod('AuthService', 'batchCheckPermissions')
  batchCheckPermissions(request: BatchCheckPermissionsRequest, metadata: Metadata): Promise<BatchCheckPermissionsResponse> {
    return this.decided(request, metadata);
  }

  @GrpcMethod('AuthService', 'listEffectivePermissions')
  async listEffectivePermissions(
    { subject, circumstances }: ListEffectivePermissionsRequest,
    metadata: Metadata,
  ): Promise<ListEffectivePermissionsResponse> {
    const { context, client, waiter } = this.callers.clientOf(metadata);
    const request = readEffective(circumstancesOf(subject, circumstances));
    const answer = await this.deadline.boundFor(waiter, () => this.manager.effectivePermissions(context, client, request));
    return {
      granted: [...answer.granted],
      conditional: answer.conditional.map(({ missing, ...rest }) => ({ ...rest, missing: [...missing] })),
      validUntil: answer.validUntil ?? 0,
      state: stateMessage(answer),
    };
  }

  private async decided(
    { subject, circumstances, items, explain }: BatchCheckPermissionsRequest,
    metadata: Metadata,
  ): Promise<BatchCheckPermissionsResponse> {
    const { context, client, waiter } = this.callers.clientOf(metadata);
    const request = readCheck({ ...circumstancesOf(subject, circumstances), items: items.map(itemOf), explain });
    const answer = await this.deadline.boundFor(waiter, () => this.manager.check(context, client, request));
    return { decisions: answer.results.map(decisionMessage), state: stateMessage(answer), decisionId: answer.decisionId };
  }
}
