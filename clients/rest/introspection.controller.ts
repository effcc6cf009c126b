import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBasicAuth, ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTHORIZATION_MANAGER, type AuthorizationManager } from '#managers/authorization/contract.js';
import { TOKEN_STATUS, type Introspection, type TokenStatus } from '#managers/authorization/token-status.contract.js';
import { OpenToAll } from '../access.decorators.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from '../handler-deadline.js';
import { INTROSPECTION_SCHEMA, TOKEN_FORM_SCHEMA } from './introspection.schemas.js';
import { INTROSPECTION_PATH } from './routes.js';
import { askedAbout } from './token-question.js';
import { OAUTH_ERROR_SCHEMA } from './token.schemas.js';

/** SECURITY: one constant for whatever is not to be told, so that nothing about the token or the asker can be read from it. */
const INACTIVE = '{"active":false}';

/** RFC 7662. */
@ApiTags('token introspection and revocation')
@ApiBasicAuth('client_secret_basic')
@OpenToAll()
@Controller()
export class IntrospectionController {
  constructor(
    @Inject(AUTHORIZATION_MANAGER) private readonly manager: AuthorizationManager,
    @Inject(TOKEN_STATUS) private readonly status: TokenStatus,
    @Inject(HANDLER_DEADLINE) private readonly deadline: HandlerDeadline,
  ) {}

  @Post(INTROSPECTION_PATH)
  @ApiOperation({ summary: 'Is a token current, and what does it say? (RFC 7662)', operationId: 'introspectToken' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: TOKEN_FORM_SCHEMA })
  @ApiResponse({
    status: 200,
    description: 'Active with what it says, or inactive and nothing else',
    schema: INTROSPECTION_SCHEMA,
  })
  @ApiResponse({ status: 400, description: 'Refused: see code', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 401, description: 'The client is not authenticated', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 415, description: 'The body is not a form', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 503, description: 'Try again later', schema: OAUTH_ERROR_SCHEMA })
  async introspect(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.deadline.bound(this.answer(request));
    void reply
      .code(200)
      .header('content-type', 'application/json')
      .header('cache-control', 'no-store')
      .header('pragma', 'no-cache')
      .send(answer.active ? JSON.stringify({ active: true, ...answer.claims }) : INACTIVE);
  }

  private async answer(request: FastifyRequest): Promise<Introspection> {
    const { context, client, token } = await askedAbout(this.manager, request);
    return this.status.introspect(context, client, token());
  }
}
