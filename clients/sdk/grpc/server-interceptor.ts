import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { type Access, admitted } from '../access.js';
import { admittedToken, keepAdmitted } from '../admitted-tokens.js';
import { CountersignError } from '../countersign-error.js';
import { confirmationsOf } from '../http/client-certificate.js';
import { type ChallengeSettings, checkChallengeSettings } from '../refusal.js';
import type { VerifiedToken } from '../verified-token.js';
import type { Shown, Verifier } from '../verifier.js';
import { internalStatus, refusalStatus } from './refusal-status.js';

export interface GrpcGuardOptions extends ChallengeSettings {
  readonly verifier: Verifier;
  /**
   * Who may call what, by full name: `/acme.billing.v1.Billing/GetInvoice`. What is not named is for nobody, health and reflection
   * included.
   */
  readonly methods: Readonly<Record<string, Access>>;
  /** Told of what is neither the caller's fault nor the issuer's; the caller reads the id alone. */
  readonly onFailure?: (error: unknown, diagnosticId: string) => void;
}

const METHOD = /^\/[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/;

/**
 * Judges every call, of every kind, when its metadata arrives: before its handler is told of it, and before a message is read. Hand it
 * to `new Server({ interceptors: [ … ] })`, before any other.
 *
 * @throws TypeError when a method is not named as it is called, or the settings could not be written into a trailer
 */
export function countersignInterceptor(options: GrpcGuardOptions): ServerInterceptor {
  checkChallengeSettings(options);
  const methods = new Map(Object.entries(options.methods));
  for (const name of methods.keys()) if (!METHOD.test(name)) throw new TypeError(`${name} is no method: /package.Service/Method`);
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, proceed) => {
            admit(options.verifier, methods.get(path), { metadata, call }).then(
              () => {
                proceed(metadata);
              },
              (error: unknown) => {
                refuse(options, error, call);
              },
            );
          },
        });
      },
    });
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

interface Arrival {
  readonly metadata: Metadata;
  readonly call: Pick<ServerInterceptingCallInterface, 'getAuthContext'>;
}

async function admit(verifier: Verifier, access: Access | undefined, { metadata, call }: Arrival): Promise<void> {
  const authorization = metadata.get('authorization').map(String);
  keepAdmitted(metadata, await admitted(verifier, access, { authorization, shown: shownBy(call) }));
}

function shownBy(call: Arrival['call']): Shown {
  return {
    get keys() {
      return confirmationsOf(call.getAuthContext().sslPeerCertificate?.raw);
    },
  };
}

function refuse(options: GrpcGuardOptions, error: unknown, call: ServerInterceptingCallInterface): void {
  const { verifier, realm, resourceMetadata, onFailure } = options;
  const settings = { helpBase: verifier.helpBase, realm, resourceMetadata };
  const refusal = error instanceof CountersignError ? refusalStatus(error, settings) : undefined;
  if (refusal !== undefined) {
    call.sendStatus(refusal);
    return;
  }
  const { diagnosticId } = new CountersignError('ACCESS_UNDECIDED');
  onFailure?.(error, diagnosticId);
  call.sendStatus(internalStatus(diagnosticId));
}
