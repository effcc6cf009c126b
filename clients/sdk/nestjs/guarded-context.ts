import type { IncomingMessage } from 'node:http';
import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import type { ArgumentsHost } from '@nestjs/common';

/** What a request is known by: the object that the framework hands to everybody who handles it. */
export type Subject =
  | { readonly kind: 'http'; readonly key: IncomingMessage }
  | { readonly kind: 'grpc'; readonly key: Metadata; readonly call: ServerUnaryCall<unknown, unknown> };

/** `undefined`: neither HTTP nor gRPC, so there is no place for a token. */
export function subjectOf(host: ArgumentsHost): Subject | undefined {
  if (host.getType() === 'http') {
    const request = host.switchToHttp().getRequest<IncomingMessage & { readonly raw?: IncomingMessage }>();
    // Fastify wraps the request of Node, Express extends it.
    return { kind: 'http', key: request.raw ?? request };
  }
  const [, metadata, call] = host.getArgs<[unknown, unknown, ServerUnaryCall<unknown, unknown>]>();
  return host.getType() === 'rpc' && metadata instanceof Metadata ? { kind: 'grpc', key: metadata, call } : undefined;
}
