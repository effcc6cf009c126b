import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject, UseFilters } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { EchoRequest, EchoResponse } from '#protos/generated/countersign/diagnostics/v1/diagnostics.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OpenToAll } from '../access.decorators.js';
import { sessionOf } from './call-connection.js';
import { CALLERS, type Callers } from './callers.js';
import { connectionMessage, echoedMetadata, MOST_NAMES } from './echo.messages.js';
import { METADATA_LIMIT_BYTES, metadataBytes } from './metadata-size.js';
import { GrpcStatusFilter } from './status.filter.js';

const MOST_PAYLOAD = 16_384;
const MOST_TRAILER = 8_192;
const TRAILER = 'x-countersign-canary-trailer';

/** What arrives here of a call, for clients whom the interceptor has let in; without one the handler refuses. */
@OpenToAll()
@Controller()
@UseFilters(GrpcStatusFilter)
export class EchoController {
  constructor(
    @Inject(CALLERS) private readonly callers: Callers,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @GrpcMethod('DiagnosticsService', 'echo')
  echo(request: EchoRequest, metadata: Metadata): EchoResponse {
    const { call } = this.callers.clientOf(metadata);
    const receivedAt = this.clock.now();
    const payload = Buffer.alloc(within(request.payloadBytes, MOST_PAYLOAD, 'payload_bytes'));
    const trailer = within(request.trailerBytes, MOST_TRAILER, 'trailer_bytes');
    if (trailer > 0) this.callers.addTrailer(metadata, TRAILER, '0'.repeat(trailer));
    const echoed = echoedMetadata(metadata);
    const deadline = Number(call.getDeadline());
    return {
      metadata: echoed.slice(0, MOST_NAMES),
      metadataLeftOut: Math.max(0, echoed.length - MOST_NAMES),
      metadataBytes: metadataBytes(metadata),
      metadataLimitBytes: METADATA_LIMIT_BYTES,
      peerAddress: call.getPeer(),
      authority: call.getHost(),
      connection: connectionMessage(sessionOf(call)?.socket),
      deadline: Number.isFinite(deadline) ? deadline : 0,
      receivedAt,
      payload,
    };
  }
}

function within(asked: number, most: number, field: string): number {
  if (asked >= 0 && asked <= most) return asked;
  throw new CodedError('REQUEST_PARAMETER_INVALID', { field, expected: `0 to ${String(most)}` });
}
