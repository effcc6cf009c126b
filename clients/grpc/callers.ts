import type { Metadata } from '@grpc/grpc-js';
import type { AuthenticatedClient } from '#managers/authorization/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

export interface Caller {
  readonly context: CallContext;
  readonly client: AuthenticatedClient;
}

/**
 * Who makes a call, handed from the authentication interceptor to the handler. Keyed by the metadata object of the call, so no
 * metadata that a caller sends can stand for it, and nothing is kept when the call is over.
 */
export class Callers {
  private readonly callers = new WeakMap<Metadata, Caller>();

  admit(metadata: Metadata, caller: Caller): void {
    this.callers.set(metadata, caller);
  }

  /** @throws CodedError `CLIENT_UNAUTHENTICATED` if the call never passed the interceptor: a handler fails closed. */
  of(metadata: Metadata): Caller {
    const caller = this.callers.get(metadata);
    if (caller === undefined)
      throw new CodedError('CLIENT_UNAUTHENTICATED', { internal: 'the call reached a handler unauthenticated' });
    return caller;
  }
}

export const CALLERS: unique symbol = Symbol('Callers');
