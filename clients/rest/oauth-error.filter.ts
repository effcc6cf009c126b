import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import { toCodedError } from '../coded-error-of.js';
import { logRefusal } from '../refusal-log.js';
import { oauthErrorBody, oauthErrorHeaders, oauthErrorStatus } from './oauth-error.js';
import { problemBody, takesProblems } from './problem.js';
import { allowedMethods, isAccessPath } from './routes.js';

/**
 * Answers every error of every REST endpoint: as problem details on administrative paths, as an OAuth error object elsewhere. What
 * is unknown becomes `INTERNAL` and is logged.
 */
@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  /** @param resourceMetadata where the administration is described (RFC 9728) */
  constructor(
    private readonly logger: Logger,
    private readonly resourceMetadata: string,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const error = refusalOf(exception, request);
    logRefusal(this.logger, 'rest.refused', { diagnosticId: request.id, error, thrown: exception });
    this.answer(http.getResponse<FastifyReply>(), error, request);
  }

  private answer(reply: FastifyReply, error: CodedError, { id, url }: FastifyRequest): void {
    if (reply.sent) return;
    if (error.code === 'REQUEST_METHOD_NOT_ALLOWED') void reply.header('allow', error.details.expected);
    void reply.code(oauthErrorStatus(error)).headers(oauthErrorHeaders(error));
    if (!takesProblems(url)) {
      void reply.send(JSON.stringify(oauthErrorBody(error, id)));
      return;
    }
    // RFC 9728 §5.1: a tool that was refused learns from it where tokens are to be had.
    const challenge = reply.getHeader('www-authenticate');
    if (challenge !== undefined) {
      void reply.header('www-authenticate', `${String(challenge)}, resource_metadata="${this.resourceMetadata}"`);
    }
    void reply.header('content-type', 'application/problem+json').send(JSON.stringify(problemBody(error, id)));
  }
}

/** A known path that does not take the method is told from one that is not there. */
function refusalOf(exception: unknown, { url, method }: FastifyRequest): CodedError {
  const error = toCodedError(exception);
  // AuthZEN 1.0 knows 400 alone for a body that is none.
  if (error.code === 'REQUEST_CONTENT_TYPE_UNSUPPORTED' && isAccessPath(url)) {
    return new CodedError('REQUEST_MALFORMED', { expected: 'a JSON object, as application/json' });
  }
  const allow = error.code === 'REQUEST_NOT_FOUND' ? allowedMethods(url) : undefined;
  // What takes the method and is not there all the same is switched off.
  return allow === undefined || allow.split(', ').includes(method)
    ? error
    : new CodedError('REQUEST_METHOD_NOT_ALLOWED', { expected: allow });
}
