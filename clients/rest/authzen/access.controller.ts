import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBasicAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ACCESS_SEARCH, type AccessOutcome, type AccessSearch } from '#managers/authorization/access-search.contract.js';
import { AUTHORIZATION_MANAGER, type AuthorizationManager, type CallingClient } from '#managers/authorization/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OpenToAll } from '../../access.decorators.js';
import { HANDLER_DEADLINE, type HandlerDeadline } from '../../handler-deadline.js';
import { readHeaderCredentials } from '../client-credentials.js';
import { presentedKeys } from '../presented-keys.js';
import { ACCESS_PATHS } from '../routes.js';
import { OAUTH_ERROR_SCHEMA } from '../token.schemas.js';
import { foundBody, outcomeBody } from './access.answers.js';
import { typeOf } from './access.entities.js';
import { readActionSearch, readEvaluation, readEvaluations, readResourceSearch, readSubjectSearch } from './access.requests.js';
import {
  ACTION_SEARCH_SCHEMA,
  EVALUATION_SCHEMA,
  EVALUATIONS_SCHEMA,
  FOUND_SCHEMA,
  OUTCOME_SCHEMA,
  OUTCOMES_SCHEMA,
  RESOURCE_SEARCH_SCHEMA,
  SUBJECT_SEARCH_SCHEMA,
} from './access.schemas.js';

type Answering = (context: CallContext, client: CallingClient) => Promise<object>;

/** AuthZEN 1.0: questions that speak of a subject, an action and a resource. A denial is an answer: 200. */
@ApiTags('AuthZEN')
@ApiBasicAuth('client_secret_basic')
@ApiResponse({ status: 400, description: 'It could not be asked: see code', schema: OAUTH_ERROR_SCHEMA })
@ApiResponse({ status: 401, description: 'The client is not authenticated', schema: OAUTH_ERROR_SCHEMA })
@ApiResponse({ status: 403, description: 'The client may not ask this', schema: OAUTH_ERROR_SCHEMA })
@ApiResponse({ status: 503, description: 'Try again later', schema: OAUTH_ERROR_SCHEMA })
@OpenToAll()
@Controller()
export class AccessController {
  constructor(
    @Inject(AUTHORIZATION_MANAGER) private readonly manager: AuthorizationManager,
    @Inject(ACCESS_SEARCH) private readonly access: AccessSearch,
    @Inject(HANDLER_DEADLINE) private readonly deadline: HandlerDeadline,
  ) {}

  @Post(ACCESS_PATHS.evaluation)
  @ApiOperation({ summary: 'May this subject do this on this resource?', operationId: 'accessEvaluation' })
  @ApiBody({ schema: EVALUATION_SCHEMA })
  @ApiResponse({ status: 200, description: 'Yes or no', schema: OUTCOME_SCHEMA })
  async evaluation(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.answer(request, reply, async (context, client) => {
      const question = readEvaluation(request.body, this.access.settings);
      return outcomeBody(only(await this.access.evaluate(context, client, { items: [{ question }], until: 'end' })));
    });
  }

  @Post(ACCESS_PATHS.evaluations)
  @ApiOperation({ summary: 'The same, of up to 100 at once', operationId: 'accessEvaluations' })
  @ApiBody({ schema: EVALUATIONS_SCHEMA })
  @ApiResponse({ status: 200, description: 'In their order; up to the one that ended it', schema: OUTCOMES_SCHEMA })
  async evaluations(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.answer(request, reply, async (context, client) => {
      const read = readEvaluations(request.body, this.access.settings);
      if (read.several) return { evaluations: (await this.access.evaluate(context, client, read)).map(outcomeBody) };
      return outcomeBody(only(await this.access.evaluate(context, client, { items: [read], until: 'end' })));
    });
  }

  @Post(ACCESS_PATHS.action)
  @ApiOperation({ summary: 'What may this subject do on this resource?', operationId: 'accessSearchAction' })
  @ApiBody({ schema: ACTION_SEARCH_SCHEMA })
  @ApiResponse({ status: 200, description: 'Actions by name', schema: FOUND_SCHEMA })
  async searchAction(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.checkThere('action');
    await this.answer(request, reply, async (context, client) => {
      const found = await this.access.actions(context, client, readActionSearch(request.body, this.access.settings));
      return foundBody(
        found.items.map((name) => ({ name })),
        found.next,
      );
    });
  }

  @Post(ACCESS_PATHS.resource)
  @ApiOperation({ summary: 'On which registered resources may this subject do this?', operationId: 'accessSearchResource' })
  @ApiBody({ schema: RESOURCE_SEARCH_SCHEMA })
  @ApiResponse({ status: 200, description: 'Resources of that type', schema: FOUND_SCHEMA })
  async searchResource(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.checkThere('resource');
    await this.answer(request, reply, async (context, client) => {
      const asked = readResourceSearch(request.body, this.access.settings);
      const { items, next } = await this.access.resources(context, client, asked);
      const { type } = asked.query.resource;
      return foundBody(
        items.map((id) => ({ type, id })),
        next,
      );
    });
  }

  @Post(ACCESS_PATHS.subject)
  @ApiOperation({ summary: 'Which registered subjects may do this on this resource?', operationId: 'accessSearchSubject' })
  @ApiBody({ schema: SUBJECT_SEARCH_SCHEMA })
  @ApiResponse({ status: 200, description: 'Subjects of that type', schema: FOUND_SCHEMA })
  async searchSubject(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.checkThere('subject');
    await this.answer(request, reply, async (context, client) => {
      const asked = readSubjectSearch(request.body, this.access.settings);
      const { items, next } = await this.access.subjects(context, client, asked);
      const type = typeOf(asked.query.kind);
      return foundBody(
        items.map((id) => ({ type, id })),
        next,
      );
    });
  }

  /** @throws CodedError `REQUEST_NOT_FOUND`: a search that is switched off is not there */
  private checkThere(kind: AccessSearch['settings']['searches'][number]): void {
    if (!this.access.settings.searches.includes(kind)) throw new CodedError('REQUEST_NOT_FOUND');
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

/** What is wrong with a question that was asked alone is the answer's own error. */
function only([outcome]: readonly AccessOutcome[]): AccessOutcome {
  if (outcome === undefined) throw new CodedError('INTERNAL', { internal: 'a question without an answer' });
  if ('fault' in outcome) throw outcome.fault;
  return outcome;
}
