import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  AUTHORIZATION_MANAGER,
  type AuthorizationManager,
  type ExchangeRequest,
  type ExchangeResult,
} from '#managers/authorization/contract.js';
import type {
  AuthorizationDetail,
  ExchangeTokenRequest,
  ExchangeTokenResponse,
} from '#protos/generated/countersign/auth/v1/auth.js';
import { OpenToAll } from '../access.decorators.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from '../handler-deadline.js';
import { CALLERS, type Callers } from './callers.js';
import { GrpcStatusFilter } from './status.filter.js';

@OpenToAll()
@Controller()
@UseFilters(GrpcStatusFilter)
export class AuthController {
  constructor(
    @Inject(AUTHORIZATION_MANAGER) private readonly manager: AuthorizationManager,
    @Inject(CALLERS) private readonly callers: Callers,
    @Inject(HANDLER_DEADLINE) private readonly deadline: HandlerDeadline,
  ) {}

  @GrpcMethod('AuthService', 'exchangeToken')
  async exchangeToken(request: ExchangeTokenRequest, metadata: Metadata): Promise<ExchangeTokenResponse> {
    const { context, client, waiter } = this.callers.clientOf(metadata);
    const result = await this.deadline.boundFor(waiter, () => this.manager.exchange(context, client, exchangeRequestOf(request)));
    return {
      accessToken: result.accessToken,
      issuedTokenType: result.issuedTokenType,
      tokenType: result.tokenType,
      expiresIn: result.expiresInSeconds,
      scope: result.scope,
      authorizationDetails: result.details.map(detailMessage),
      consistencyToken: result.consistencyToken,
    };
  }
}

/** An empty string is proto3's way to leave a field out. */
function exchangeRequestOf(request: ExchangeTokenRequest): ExchangeRequest {
  return {
    subjectToken: present(request.subjectToken),
    subjectTokenType: present(request.subjectTokenType),
    actorToken: present(request.actorToken),
    actorTokenType: present(request.actorTokenType),
    requestedTokenType: present(request.requestedTokenType),
    audience: request.audience.filter((value) => value !== ''),
    resource: request.resource.filter((value) => value !== ''),
    scope: present(request.scope),
    tenant: present(request.tenant),
    impersonation: request.impersonation,
  };
}

function detailMessage(detail: ExchangeResult['details'][number]): AuthorizationDetail {
  const { type, actions, datatypes, locations, identifier = '', path = '', unit = '' } = detail;
  return { type, actions: [...actions], datatypes: [...datatypes], locations: [...locations], identifier, path, unit };
}

function present(value: string): string | undefined {
  return value === '' ? undefined : value;
}
