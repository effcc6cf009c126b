import { status, type StatusObject } from '@grpc/grpc-js';
import { type ArgumentsHost, Catch, HttpException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { GrpcException, RpcException } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';
import { failureStatus } from '../grpc/refusal-status.js';
import { subjectOf } from './guarded-context.js';
import { logFailure } from './refusal.filter.js';

/** What `HttpException`s, those of pipes above all, are over gRPC; Nest itself would make each of them UNKNOWN. */
const HTTP_CODES: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  408: status.DEADLINE_EXCEEDED,
  409: status.ABORTED,
  412: status.FAILED_PRECONDITION,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** As grpc-js takes an error of a handler. */
interface GrpcError extends Partial<Omit<StatusObject, 'code'>> {
  readonly code: number;
}

/**
 * Whatever else a handler throws, as gRPC says it. Of what is neither an `HttpException` nor an `RpcException` the caller reads an id
 * alone. SECURITY: the error of a call that the handler made is such a one too: its code is about this program's own credentials.
 * Over HTTP nothing changes.
 */
@Catch()
export class GrpcErrorsFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    if (host.getType() === 'http') {
      super.catch(error, host);
      return undefined;
    }
    if (subjectOf(host) === undefined) return throwError(() => error);
    return throwError(() => meant(error) ?? failureStatus(error, logFailure));
  }
}

function meant(error: unknown): GrpcError | undefined {
  if (error instanceof HttpException) return ofHttp(error);
  if (error instanceof GrpcException) return { code: error.getCode(), details: error.message };
  return error instanceof RpcException ? ofRpc(error) : undefined;
}

function ofHttp(error: HttpException): GrpcError | undefined {
  const http = error.getStatus();
  const code = HTTP_CODES[http] ?? (http < 500 ? status.FAILED_PRECONDITION : undefined);
  return code === undefined ? undefined : { code, details: error.message };
}

/** What Nest throws where a guard answers `false`. */
const GUARD_SAID_NO = 'Forbidden resource';

/** `new RpcException({ code, message, metadata })`, or a text alone. */
function ofRpc(error: RpcException): GrpcError {
  const told = error.getError();
  if (told === GUARD_SAID_NO) return { code: status.PERMISSION_DENIED, details: error.message };
  if (typeof told === 'string' || !('code' in told) || typeof told.code !== 'number')
    return { code: status.UNKNOWN, details: error.message };
  return { ...told, code: told.code, details: error.message };
}
