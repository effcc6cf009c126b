import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTHORIZATION_MANAGER, type AuthorizationManager, type CallingClient } from '#managers/authorization/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OpenToAll } from '../access.decorators.js';
import { ERROR_MAPPING } from '../error-mapping.js';
import { answerToError, type GatewayAnswer } from '../gateway.answers.js';
import { GATEWAY_DESK, type GatewayDesk } from '../gateway.desk.js';
import { forwardedRequest, gatewayCredentials } from './forward-auth.request.js';
import { presentedKeys } from './presented-keys.js';
import { FORWARD_AUTH_BELOW, FORWARD_AUTH_PATH } from './routes.js';

/** In the place of `authorization`, which nginx takes from an answer under another name alone. */
const SWAPPED_TOKEN = 'x-countersign-authorization';

/**
 * Forward authentication for nginx, Traefik, Caddy and Envoy over HTTP. Only 200, 401, 403 and 503 are answered: nginx takes anything
 * else for a fault of its own.
 */
@ApiExcludeController()
@OpenToAll()
@Controller()
export class ForwardAuthController {
  constructor(
    @Inject(AUTHORIZATION_MANAGER) private readonly manager: AuthorizationManager,
    @Inject(GATEWAY_DESK) private readonly desk: GatewayDesk,
  ) {}

  @All(FORWARD_AUTH_BELOW)
  decideBelow(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.decide(request, reply);
  }

  @All(FORWARD_AUTH_PATH)
  async decide(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const context = { diagnosticId: request.id, transport: 'rest' } as const;
    const answer = await this.desk.answer(
      context,
      // SECURITY: who the gateway is comes first: what somebody else sends is not even read.
      async () => ({ client: await this.gateway(context, request), request: forwardedRequest(request) }),
      (error) => (ERROR_MAPPING[error.code].http === 401 ? unauthenticatedGateway(answerToError(error, request.id)) : undefined),
    );
    void reply.code(answer.status).headers(headersOf(answer)).send(answer.body);
  }

  private async gateway(context: CallContext, request: FastifyRequest): Promise<CallingClient> {
    // A proof that came along is the sender's, of another request than this one.
    const certificate = presentedKeys(request)?.certificate ?? null;
    const shown = certificate === null ? undefined : { certificate, dpop: null };
    const client = await this.manager.authenticate(context, gatewayCredentials(request), shown);
    if (!client.proven) throw new CodedError('CLIENT_UNAUTHENTICATED', { internal: 'no credentials of a gateway' });
    return client;
  }
}

/** Not Basic, for which a browser behind the gateway would ask its user. */
function unauthenticatedGateway(answer: GatewayAnswer): GatewayAnswer {
  const headers = new Map(answer.headers).set('www-authenticate', 'Countersign-Gateway realm="countersign"');
  return { ...answer, status: 401, headers };
}

function headersOf({ headers, status }: GatewayAnswer): Record<string, string> {
  const told = Object.fromEntries(headers);
  const token = told['authorization'];
  if (status !== 200 || token === undefined) return { 'cache-control': 'no-store', ...told };
  // Envoy and Traefik take the one, nginx can take the other.
  return { 'cache-control': 'no-store', ...told, [SWAPPED_TOKEN]: token };
}
