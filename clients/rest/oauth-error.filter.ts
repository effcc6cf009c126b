import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import { toCodedError } from '../coded-error-of.js';
import { logRefusal } from '../refusal-log.js';
import { oauthErrorBody, oauthErrorHeaders, oauthErrorStatus } from './oauth-error.js';
import { allowedMethods } from './server-metadata.js';

/** Answers every error of every REST endpoint as an OAuth error object; what is unknown becomes `INTERNAL` and is logged. */
@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerError(exception, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.logger);
  }
}

function answerError(exception: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const allow = allowedMethods(request.url);
  const found = toCodedError(exception);
  const error =
    found.code === 'REQUEST_NOT_FOUND' && allow !== undefined
      ? new CodedError('REQUEST_METHOD_NOT_ALLOWED', { expected: allow })
      : found;
  logRefusal(logger, 'rest.refused', request.id, error, exception);
  if (reply.sent) return;
  if (error.code === 'REQUEST_METHOD_NOT_ALLOWED' && allow !== undefined) void reply.header('allow', allow);
  void reply.code(oauthErrorStatus(error)).headers(oauthErrorHeaders(error)).send(JSON.stringify(oauthErrorBody(error, request.id)));
}
