import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBasicAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTHORIZATION_MANAGER, type CallingClient, type AuthorizationManager } from '#managers/authorization/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OpenToAll } from '../access.decorators.js';
import { checkBody, effectiveBody } from '../check.answers.js';
import { readCheck, readEffective } from '../check.requests.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from '../handler-deadline.js';
import { CHECK_ANSWER_SCHEMA, CHECK_BODY_SCHEMA, EFFECTIVE_ANSWER_SCHEMA, EFFECTIVE_BODY_SCHEMA } from './check.schemas.js';
import { readHeaderCredentials } from './client-credentials.js';
import { presentedKeys } from './presented-keys.js';
import { CHECK_PATH, EFFECTIVE_PATH } from './routes.js';
import { OAUTH_ERROR_SCHEMA } from './token.schemas.js';

type Answering = (context: CallContext, client: CallingClient) => Promise<object>;

/** Live decisions for clients. A denial is an answer: 200. */
@ApiTags('live checks')
@ApiBasicAuth('client_secret_basic')
@ApiResponse({ status: 400, description: 'Refused: see code', schema: OAUTH_ERROR_SCHEMA })
@ApiResponse({ status: 401, description: 'The client is not authenticated', schema: OAUTH_ERROR_SCHEMA })
@ApiResponse({ status: 403, description: 'The client may not ask this', schema: OAUTH_ERROR_SCHEMA })
@ApiResponse({ status: 413, description: 'The body is over 64 KiB', schema: OAUTH_ERROR_SCHEMA })
@ApiResponse({ status: 415, description: 'The body is not JSON', schema: OAUTH_ERROR_SCHEMA })
@ApiResponse({ status: 503, description: 'Try again later', schema: OAUTH_ERROR_SCHEMA })
@OpenToAll()
@Controller()
export class CheckController {
  constructor(
    @Inject(AUTHORIZATION_MANAGER) private readonly manager: AuthorizationManager,
    @Inject(HANDLER_DEADLINE) private readonly deadline: HandlerDeadline,
  ) {}

  @Post(CHECK_PATH)
  @ApiOperation({ summary: 'Decide live whether a subject has permissions', operationId: 'check' })
  @ApiBody({ schema: CHECK_BODY_SCHEMA })
  @ApiResponse({ status: 200, description: 'One result for each item, allowed or not', schema: CHECK_ANSWER_SCHEMA })
  async check(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.answer(request, reply, async (context, client) =>
      checkBody(await this.manager.check(context, client, readCheck(jsonBody(request)))),
    );
  }

  @Post(EFFECTIVE_PATH)
  @ApiOperation({ summary: 'Everything that a subject may do at an application now', operationId: 'effectivePermissions' })
  @ApiBody({ schema: EFFECTIVE_BODY_SCHEMA })
  @ApiResponse({ status: 200, description: 'What is granted, and what only a check can decide', schema: EFFECTIVE_ANSWER_SCHEMA })
  async effectivePermissions(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.answer(request, reply, async (context, client) =>
      effectiveBody(await this.manager.effectivePermissions(context, client, readEffective(jsonBody(request)))),
    );
  }

  private async answer(request: FastifyRequest, reply: FastifyReply, answering: Answering): Promise<void> {
    const body = await this.deadline.bound(this.authenticated(request, answering));
    void reply
      .code(200)
      .header('content-type', 'application/json')
      .header('cache-control', 'no-store')
      .send(JSON.stringify(body));
  }

  private async authenticated(request: FastifyRequest, answering: Answering): Promise<object> {
    const context = { diagnosticId: request.id, transport: 'rest' } as const;
    return answering(context, await this.manager.authenticate(context, readHeaderCredentials(request), presentedKeys(request)));
  }
}

function jsonBody({ body }: FastifyRequest): unknown {
  if (typeof body === 'string') throw new CodedError('REQUEST_CONTENT_TYPE_UNSUPPORTED');
  if (body === undefined || body === null) throw new CodedError('REQUEST_MALFORMED', { expected: 'a JSON object' });
  return body;
}
