import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '#utilities/logging/contract.js';
import { toCodedError } from '../coded-error-of.js';
import { logRefusal } from '../refusal-log.js';
import { oauthErrorBody, oauthErrorHeaders, oauthErrorStatus } from './oauth-error.js';

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
  const error = toCodedError(exception);
  logRefusal(logger, 'rest.refused', request.id, error, exception);
  if (reply.sent) return;
  void reply.code(oauthErrorStatus(error)).headers(oauthErrorHeaders(error)).send(JSON.stringify(oauthErrorBody(error, request.id)));
}
