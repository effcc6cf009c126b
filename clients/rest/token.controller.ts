import { Controller, Inject, Options, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExcludeEndpoint, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  AUTHORIZATION_MANAGER,
  type AuthorizationManager,
  type ExchangeRequest,
  type ExchangeResult,
} from '#managers/authorization/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OpenToAll } from '../access.decorators.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from '../handler-deadline.js';
import { readClientCredentials } from './client-credentials.js';
import { Cors } from './cors.js';
import { type Form, parseForm, single } from './form.js';
import { presentedKeys } from './presented-keys.js';
import { soleAuthorization } from './sole-authorization.js';
import { TOKEN_PATH } from './routes.js';
import { OAUTH_ERROR_SCHEMA, TOKEN_REQUEST_SCHEMA, TOKEN_RESPONSE_SCHEMA } from './token.schemas.js';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

@ApiTags('token exchange')
@OpenToAll()
@Controller()
export class TokenController {
  private readonly cors: Cors;

  constructor(
    @Inject(AUTHORIZATION_MANAGER) private readonly manager: AuthorizationManager,
    @Inject(HANDLER_DEADLINE) private readonly deadline: HandlerDeadline,
  ) {
    this.cors = new Cors(manager);
  }

  /** A browser asks whether a page may call. */
  @Options(TOKEN_PATH)
  @ApiExcludeEndpoint()
  async preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.deadline.bound(this.cors.preflight(request, reply));
  }

  @Post(TOKEN_PATH)
  @ApiOperation({ summary: 'Exchange a token (RFC 8693)', operationId: 'exchangeToken' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ schema: TOKEN_REQUEST_SCHEMA })
  @ApiResponse({ status: 200, description: 'The issued token', schema: TOKEN_RESPONSE_SCHEMA })
  @ApiResponse({ status: 400, description: 'Refused: see code', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 401, description: 'The client is not authenticated', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 413, description: 'The body is over 64 KiB', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 415, description: 'The body is not a form', schema: OAUTH_ERROR_SCHEMA })
  @ApiResponse({ status: 503, description: 'Try again later', schema: OAUTH_ERROR_SCHEMA })
  async exchange(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const marking = this.cors.mark(request, reply);
    if (marking !== undefined) await this.deadline.bound(marking);
    const result = await this.deadline.bound(this.answer(request));
    void reply
      .code(200)
      .header('content-type', 'application/json')
      .header('cache-control', 'no-store')
      .header('pragma', 'no-cache')
      .send(
        JSON.stringify({
          access_token: result.accessToken,
          issued_token_type: result.issuedTokenType,
          token_type: result.tokenType,
          expires_in: result.expiresInSeconds,
          scope: result.scope,
          consistency_token: result.consistencyToken,
          // RFC 9396 §7.
          ...(result.details.length === 0 ? {} : { authorization_details: result.details }),
        }),
      );
  }

  private async answer(request: FastifyRequest): Promise<ExchangeResult> {
    const context = { diagnosticId: request.id, transport: 'rest' } as const;
    const form = parseForm(typeof request.body === 'string' ? request.body : '');
    // Before authentication: what is refused after it has a record, and a form that nobody can read needs none.
    checkGrant(single(form, 'grant_type'));
    const asked = exchangeRequestOf(form);
    const client = await this.manager.authenticate(
      context,
      readClientCredentials(soleAuthorization(request), form),
      presentedKeys(request),
    );
    return this.manager.exchange(context, client, asked);
  }
}

function checkGrant(grant: string | undefined): void {
  if (grant === TOKEN_EXCHANGE) return;
  if (grant === undefined) throw new CodedError('REQUEST_PARAMETER_MISSING', { field: 'grant_type', expected: TOKEN_EXCHANGE });
  throw new CodedError('GRANT_UNSUPPORTED', { field: 'grant_type', expected: TOKEN_EXCHANGE });
}

function exchangeRequestOf(form: Form): ExchangeRequest {
  const requestedSubject = single(form, 'requested_subject');
  return {
    subjectToken: single(form, 'subject_token'),
    subjectTokenType: single(form, 'subject_token_type'),
    actorToken: single(form, 'actor_token'),
    actorTokenType: single(form, 'actor_token_type'),
    requestedTokenType: single(form, 'requested_token_type'),
    audience: form.get('audience') ?? [],
    resource: form.get('resource') ?? [],
    scope: single(form, 'scope'),
    tenant: single(form, 'tenant'),
    impersonation: flag(form, 'impersonation'),
    ...(requestedSubject === undefined ? {} : { requestedSubject }),
  };
}

function flag(form: Form, field: string): boolean {
  const value = single(form, field);
  if (value === undefined || value === 'true' || value === 'false') return value === 'true';
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field, expected: 'true or false' });
}
