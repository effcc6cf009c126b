import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { TOKEN_STATUS, type TokenStatus } from '#managers/authorization/token-status.contract.js';
import type {
  IntrospectTokenRequest,
  IntrospectTokenResponse,
  RevokeTokenRequest,
  RevokeTokenResponse,
} from '#protos/generated/countersign/auth/v1/auth.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OpenToAll } from '../access.decorators.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from '../handler-deadline.js';
import { CALLERS, type Callers } from './callers.js';
import { GrpcStatusFilter } from './status.filter.js';
import { introspectionMessage } from './token-status.messages.js';

/** Tells of tokens, and ends them, for clients whom the interceptor has let in; without one both handlers refuse. */
@OpenToAll()
@Controller()
@UseFilters(GrpcStatusFilter)
export class GrpcTokenStatusController {
  constructor(
    @Inject(TOKEN_STATUS) private readonly status: TokenStatus,
    @Inject(CALLERS) private readonly callers: Callers,
    @Inject(HANDLER_DEADLINE) private readonly deadline: HandlerDeadline,
  ) {}

  @GrpcMethod('AuthService', 'introspectToken')
  async introspectToken(request: IntrospectTokenRequest, metadata: Metadata): Promise<IntrospectTokenResponse> {
    const { context, client, waiter } = this.callers.clientOf(metadata);
    const introspection = await this.deadline.boundFor(waiter, () => this.status.introspect(context, client, tokenIn(request)));
    return introspectionMessage(introspection);
  }

  @GrpcMethod('AuthService', 'revokeToken')
  async revokeToken(request: RevokeTokenRequest, metadata: Metadata): Promise<RevokeTokenResponse> {
    const { context, client } = this.callers.clientOf(metadata);
    // What is revoked is announced to the other replicas, also when the caller does not wait for it.
    await this.deadline.bound(this.status.revoke(context, client, tokenIn(request)));
    return {};
  }
}

function tokenIn({ token }: { readonly token: string }): string {
  if (token === '') throw new CodedError('REQUEST_PARAMETER_MISSING', { field: 'token' });
  return token;
}
