import { Metadata, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { CallingClient } from '#managers/authorization/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { CallWaiter } from '../call.waiter.js';

export interface Caller {
  readonly context: CallContext;
  readonly client: CallingClient;
  /** The call as the interceptor saw it. */
  readonly call: ServerInterceptingCallInterface;
  readonly waiter: CallWaiter;
}

/**
 * Who makes a call, handed from the authentication interceptor to the handler. Keyed by the metadata object of the call, so no
 * metadata that a caller sends can stand for it, and nothing is kept when the call is over.
 */
export class Callers {
  private readonly clients = new WeakMap<Metadata, Caller>();
  private readonly operators = new WeakMap<Metadata, CallContext>();
  private readonly trailers = new WeakMap<Metadata, Metadata>();

  admitClient(metadata: Metadata, caller: Caller): void {
    this.clients.set(metadata, caller);
  }

  /** `context` names the operator. */
  admitOperator(metadata: Metadata, context: CallContext): void {
    this.operators.set(metadata, context);
  }

  /** @throws CodedError `CLIENT_UNAUTHENTICATED` if the call never passed the interceptor: a handler fails closed. */
  clientOf(metadata: Metadata): Caller {
    const caller = this.clients.get(metadata);
    if (caller === undefined)
      throw new CodedError('CLIENT_UNAUTHENTICATED', { internal: 'the call reached a handler unauthenticated' });
    return caller;
  }

  /** @throws CodedError `OPERATOR_UNAUTHENTICATED` if the call never passed the interceptor: a handler fails closed. */
  operatorOf(metadata: Metadata): CallContext {
    const context = this.operators.get(metadata);
    if (context === undefined)
      throw new CodedError('OPERATOR_UNAUTHENTICATED', { internal: 'the call reached a handler unauthenticated' });
    return context;
  }

  /** Sends this with the status of the call, where that is OK. */
  addTrailer(metadata: Metadata, name: string, value: string): void {
    const trailer = new Metadata();
    trailer.set(name, value);
    this.trailers.set(metadata, trailer);
  }

  trailerOf(metadata: Metadata): Metadata | undefined {
    return this.trailers.get(metadata);
  }

  /** The diagnostic id of a call that was let in; `undefined` for any other. */
  diagnosticIdOf(metadata: Metadata): string | undefined {
    return (this.clients.get(metadata)?.context ?? this.operators.get(metadata))?.diagnosticId;
  }
}

export const CALLERS: unique symbol = Symbol('Callers');
