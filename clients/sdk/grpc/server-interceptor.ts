import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Access } from '../access.js';
import { admittedToken } from '../admitted-tokens.js';
import type { VerifiedToken } from '../verified-token.js';
import { GrpcGuard, type GrpcGuardSettings } from './grpc-guard.js';

export interface GrpcGuardOptions extends GrpcGuardSettings {
  /**
   * Who may call what, by full name: `/acme.billing.v1.Billing/GetInvoice`. What is not named is for nobody, health and reflection
   * included.
   */
  readonly methods: Readonly<Record<string, Access>>;
  /** Told of what is neither the caller's fault nor the issuer's; the caller reads the id alone. */
  readonly onFailure?: (error: unknown, errorId: string) => void;
}

const METHOD = /^\/[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/;

/**
 * Judges every call, of every kind, when its metadata arrives: before its handler is told of it, and before a message is read. Hand it
 * to `new Server({ interceptors: [ … ] })`, before any other.
 *
 * @throws TypeError when a method is not named as it is called, or the settings could not be written into a trailer
 */
export function countersignInterceptor(options: GrpcGuardOptions): ServerInterceptor {
  const guard = new GrpcGuard(options);
  const methods = new Map(Object.entries(options.methods));
  for (const name of methods.keys()) if (!METHOD.test(name)) throw new TypeError(`${name} is no method: /package.Service/Method`);
  return ({ path, requestStream, responseStream }, call) => {
    let isOver = false;
    let forgetEnd = (): void => undefined;
    const over = (): void => {
      isOver = true;
      forgetEnd();
    };
    const refuse = (error: unknown): void => {
      over();
      call.sendStatus(guard.statusOf(error, options.onFailure));
    };
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, proceed) => {
            guard.admit(metadata, call, methods.get(path)).then((token) => {
              if (token !== null && !isOver && (requestStream || responseStream)) forgetEnd = guard.endWith(token, refuse);
              proceed(metadata);
            }, refuse);
          },
          onCancel: over,
        });
      },
      // What a handler still says when its call is over is for nobody.
      sendMessage: (message, proceed) => {
        if (!isOver) proceed(message);
      },
      sendStatus: (status, proceed) => {
        if (isOver) return;
        over();
        proceed(status);
      },
    });
  };
}

/**
 * Who makes the call.
 *
 * @throws TypeError when the method lets everybody in, or nobody guards it: the mistake is the program's
 */
export function tokenOf({ metadata }: { readonly metadata: Metadata }): VerifiedToken {
  const token = admittedToken(metadata);
  if (token === undefined) throw new TypeError('no guard let this call in');
  return token;
}
