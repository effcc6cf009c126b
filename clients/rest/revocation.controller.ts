import { Controller, Inject, Options, Post, Req, Res } from '@nestjs/common';
import { ApiBasicAuth, ApiBody, ApiConsumes, ApiExcludeEndpoint, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTHORIZATION_MANAGER, type AuthorizationManager } from '#managers/authorization/contract.js';
import { TOKEN_STATUS, type TokenStatus } from '#managers/authorization/token-status.contract.js';
import { OpenToAll } from '../access.decorators.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from '../handler-deadline.js';
import { Cors } from './cors.js';
import { TOKEN_FORM_SCHEMA } from './introspection.schemas.js';
import { REVOCATION_PATH } from './routes.js';
import { askedAbout } from './token-question.js';
import { OAUTH_ERROR_SCHEMA } from './token.schemas.js';

/** RFC 7009. The answer is the same whether there was something to end or not (§2.2). */
@ApiTags('token introspection and revocation')
@ApiBasicAuth('client_secret_basic')
@OpenToAll()
@Controller()
export class RevocationController {
  private readonly cors: Cors;

  constructor(
    @Inject(AUTHORIZATION_MANAGER) private readonly manager: AuthorizationManager,
    @Inject(TOKEN_STATUS) private readonly status: TokenStatus,
    @Inject(HANDLER_DEADLINE) private readonly deadline: HandlerDeadline,
  ) {
    this.cors = new Cors(manager);
  }

  /** A browser asks whether a page may call: pages of public clients give their tokens up themselves. */
  @Options(REVOCATION_PATH)
  @ApiExcludeEndpoint()
  async preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.deadline.bound(this.cors.preflight(request, reply));
  }

  @Post(REVOCATION_PATH)
  @ApiOperation({ summary: 'End a token before its time (RFC 7009)', operationId: 'revokeToken' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: TOKEN_FORM_SCHEMA })
  @ApiResponse({ status: 200, description: 'The token is not good any more, or never was' })
  @ApiResponse({ status: 400, description: 'Refused: see code', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 401, description: 'The client is not authenticated', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 415, description: 'The body is not a form', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 503, description: 'Try again later: the token may still be good', schema: OAUTH_ERROR_SCHEMA })
  async revoke(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const marking = this.cors.mark(request, reply);
    if (marking !== undefined) await this.deadline.bound(marking);
    await this.deadline.bound(this.end(request));
    void reply.code(200).header('cache-control', 'no-store').header('pragma', 'no-cache').send();
  }

  private async end(request: FastifyRequest): Promise<void> {
    const { context, client, token } = await askedAbout(this.manager, request);
    await this.status.revoke(context, client, token());
  }
}
