import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { CheckRequest, CheckResponse } from '#protos/generated/envoy/service/auth/v3/external_auth.js';
import { OpenToAll } from '../access.decorators.js';
import { GATEWAY_DESK, type GatewayDesk } from '../gateway.desk.js';
import { CALLERS, type Callers } from './callers.js';
import { checkResponse, readCheckRequest } from './gateway.messages.js';
import { GrpcStatusFilter } from './status.filter.js';

/** Envoy's `ext_authz` for gateways, whom the interceptor has let in as registered clients. A denial is an answer: OK. */
@OpenToAll()
@Controller()
@UseFilters(GrpcStatusFilter)
export class GrpcGatewayController {
  constructor(
    @Inject(GATEWAY_DESK) private readonly desk: GatewayDesk,
    @Inject(CALLERS) private readonly callers: Callers,
  ) {}

  @GrpcMethod('Authorization', 'check')
  async check(message: CheckRequest, metadata: Metadata): Promise<CheckResponse> {
    const { context, client } = this.callers.clientOf(metadata);
    const { request, forged } = readCheckRequest(message);
    return checkResponse(await this.desk.answer(context, () => ({ client, request })), forged);
  }
}
