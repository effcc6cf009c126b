import type { ServiceDefinition } from '@grpc/grpc-js';

/** Stands for a message that is none of its type. */
const UNDECODABLE: unique symbol = Symbol('Undecodable');

/** Whether what an interceptor was handed is a message that could not be read. */
export function isUndecodable(message: unknown): boolean {
  return message === UNDECODABLE;
}

/**
 * The same service, whose messages that cannot be read go to the interceptors like any other: grpc-js would answer them below these,
 * as an internal error that nobody counts. An interceptor has to stop them; no handler knows what they are.
 */
export function handingOnUndecodable(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      {
        ...method,
        requestDeserialize: (bytes: Buffer): unknown => {
          try {
            return method.requestDeserialize(bytes);
          } catch {
            return UNDECODABLE;
          }
        },
      },
    ]),
  );
}
