/**
 * Hides what an issued token contains and how it is signed. Called by Managers.
 * A token holds only what its audience needs: no names, no addresses, no upstream claims.
 */
import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export interface MintRequest {
  readonly kind: 'user' | 'workload';
  /** What `sub` is derived from. */
  readonly identity: UpstreamIdentity;
  readonly clientId: string;
  /** Client id of the actor; `null`: no `act` claim. */
  readonly actorClientId: string | null;
  readonly audience: string;
  readonly tenant: string;
  readonly permissions: readonly string[];
  readonly scope: string;
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly authTime: number | null;
  readonly policyVersion: string;
  readonly epoch: number;
  /** Wanted life in seconds; `null`: the default of the service. */
  readonly lifetimeSeconds: number | null;
  /** Unix seconds that the token must not outlive: `exp` of the subject token. */
  readonly notAfter: number;
}

export interface IssuedToken {
  /** Compact JWS, `typ: at+jwt`. */
  readonly token: string;
  readonly tokenId: string;
  readonly kid: string;
  readonly subject: string;
  readonly actor: string | null;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface SigningEngine {
  /**
   * Issues one access token of the RFC 9068 profile. `exp` is the earlier of the wanted life and `notAfter`.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE`
   */
  mint(context: CallContext, request: MintRequest): Promise<IssuedToken>;
}

export const SIGNING_ENGINE: unique symbol = Symbol('SigningEngine');
