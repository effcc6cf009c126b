import type { Metadata, ServerInterceptingCallInterface, StatusObject } from '@grpc/grpc-js';
import { type Access, admitted } from '../access.js';
import { keepAdmitted } from '../admitted-tokens.js';
import { CountersignError } from '../countersign-error.js';
import { confirmationsOf } from '../http/client-certificate.js';
import { type ChallengeSettings, checkChallengeSettings } from '../refusal.js';
import type { VerifiedToken } from '../verified-token.js';
import type { Verifier } from '../verifier.js';
import { failureStatus, refusalStatus } from './refusal-status.js';
import { whenTokenEnds } from './token-end.js';

export interface GrpcGuardSettings extends ChallengeSettings {
  readonly verifier: Verifier;
  /** Left out: a stream ends with its token, as `UNAUTHENTICATED`, and is begun again with the next one. */
  readonly streamsOutliveTokens?: boolean | undefined;
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
   * The token that lets the call in, kept for its handler; `null` where everybody may.
   *
   * @throws CountersignError for everybody else, and where nothing was decided
   */
  async admit(metadata: Metadata, call: Connected, access: Access | undefined): Promise<VerifiedToken | null> {
    const shown = {
      get keys() {
        return confirmationsOf(call.getAuthContext().sslPeerCertificate?.raw);
      },
    };
    const authorization = metadata.get('authorization').map(String);
    const token = await admitted(this.settings.verifier, access, { authorization, shown });
    keepAdmitted(metadata, token);
    return token;
  }

  /** For a call that streams: calls `end` with what to say when its token is not taken any more. Answers what calls it off. */
  endWith(token: VerifiedToken, end: (refusal: CountersignError) => void): () => void {
    if (this.settings.streamsOutliveTokens === true) return () => undefined;
    return whenTokenEnds(token, this.settings.verifier.expiryLeewaySeconds, () => {
      end(new CountersignError('TOKEN_EXPIRED'));
    });
  }

  /** What to say to whoever is not let in; of what is not about them, an id alone. */
  statusOf(error: unknown, tell?: (error: unknown, errorId: string) => void): StatusObject {
    return this.refusalOf(error) ?? failureStatus(error, tell);
  }

  /** `undefined`: the error is not about who called. */
  refusalOf(error: unknown): StatusObject | undefined {
    const { verifier, realm, resourceMetadata } = this.settings;
    if (!(error instanceof CountersignError)) return undefined;
    return refusalStatus(error, { helpBase: verifier.helpBase, realm, resourceMetadata });
  }
}
