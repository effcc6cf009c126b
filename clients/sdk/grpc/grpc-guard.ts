import type { Metadata, ServerInterceptingCallInterface, StatusObject } from '@grpc/grpc-js';
import { type Access, admitted } from '../access.js';
import { keepAdmitted } from '../admitted-tokens.js';
import { CountersignError } from '../countersign-error.js';
import { confirmationsOf } from '../http/client-certificate.js';
import { type ChallengeSettings, checkChallengeSettings } from '../refusal.js';
import type { Verifier } from '../verifier.js';
import { refusalStatus } from './refusal-status.js';

export interface GrpcGuardSettings extends ChallengeSettings {
  readonly verifier: Verifier;
}

/** Of a call: how its connection was authenticated. */
export type Connected = Pick<ServerInterceptingCallInterface, 'getAuthContext'>;

/** Lets gRPC calls in or says why not. */
export class GrpcGuard {
  /** @throws TypeError when the settings could not be written into a trailer */
  constructor(private readonly settings: GrpcGuardSettings) {
    checkChallengeSettings(settings);
  }

  /**
   * Keeps the token that lets the call in for its handler.
   *
   * @throws CountersignError for everybody else, and where nothing was decided
   */
  async admit(metadata: Metadata, call: Connected, access: Access | undefined): Promise<void> {
    const shown = {
      get keys() {
        return confirmationsOf(call.getAuthContext().sslPeerCertificate?.raw);
      },
    };
    const authorization = metadata.get('authorization').map(String);
    keepAdmitted(metadata, await admitted(this.settings.verifier, access, { authorization, shown }));
  }

  /** `undefined`: the error is not about who called. */
  refusalOf(error: unknown): StatusObject | undefined {
    const { verifier, realm, resourceMetadata } = this.settings;
    if (!(error instanceof CountersignError)) return undefined;
    return refusalStatus(error, { helpBase: verifier.helpBase, realm, resourceMetadata });
  }
}
