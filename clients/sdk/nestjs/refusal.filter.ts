import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Observable, throwError } from 'rxjs';
import { CountersignError } from '../countersign-error.js';
import type { HttpRefusal } from '../http/http-guard.js';
import { ADMISSION, Admission } from './admission.js';

const UNAVAILABLE = 503;
const INTERNAL = 500;
const LOGGER = new Logger('Countersign');

/** Answers what this package refuses. It comes with each decision, so that no other filter makes something else of it. */
@Catch(CountersignError)
export class RefusalFilter implements ExceptionFilter<CountersignError> {
  constructor(
    @Inject(ADMISSION) private readonly admission: Admission,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  catch(error: CountersignError, host: ArgumentsHost): Observable<never> | undefined {
    if (host.getType() === 'http') {
      this.answer(this.admission.http.refusalOf(error) ?? failureAnswer(error), host.switchToHttp().getResponse());
      return undefined;
    }
    return throwError(() => this.admission.grpc.statusOf(error, logFailure));
  }

  private answer({ status, headers, body }: HttpRefusal, response: unknown): void {
    const { httpAdapter } = this.host;
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, body, status);
  }
}

export function logFailure(error: unknown, errorId: string): void {
  LOGGER.error(`a handler failed, error-id ${errorId}`, error instanceof Error ? error.stack : String(error));
}

/** Another service refused this program, or cannot be had: nothing of what it said is about who asked here. */
function failureAnswer(error: CountersignError): HttpRefusal {
  logFailure(error, error.diagnosticId);
  const status = error.retryable ? UNAVAILABLE : INTERNAL;
  const body = JSON.stringify({ title: 'The request failed.', status, diagnosticId: error.diagnosticId });
  return { status, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }, body };
}
