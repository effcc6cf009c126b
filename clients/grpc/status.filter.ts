import type { Metadata } from '@grpc/grpc-js';
import { type ArgumentsHost, Catch, Inject, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { toCodedError } from '../coded-error-of.js';
import { ERROR_PLACES, type ErrorPlaces } from '../error-places.js';
import { logRefusal } from '../refusal-log.js';
import { CALLERS, type Callers } from './callers.js';
import { statusOf } from './status.js';

/** Turns whatever a handler throws into a full gRPC status; Nest's own filters would make it UNKNOWN. */
@Catch()
export class GrpcStatusFilter implements RpcExceptionFilter {
  constructor(
    @Inject(CALLERS) private readonly callers: Callers,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ERROR_PLACES) private readonly places: ErrorPlaces,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): Observable<never> {
    const error = toCodedError(exception);
    const diagnosticId = this.callers.diagnosticIdOf(host.switchToRpc().getContext<Metadata>()) ?? 'none';
    logRefusal(this.logger, 'grpc.refused', { diagnosticId, error, thrown: exception });
    return throwError(() => statusOf(error, diagnosticId, this.places));
  }
}
