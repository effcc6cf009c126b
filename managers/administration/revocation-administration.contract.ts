/**
 * Hides the sequence of taking back what was issued. Called by operators' Clients and by a timer. Each change leaves an audit record.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** What to take back. Names are those in our tokens. */
export type RevocationWish =
  | { readonly by: 'token'; readonly tokenId: string }
  /** `subject`: `sub` of our tokens. */
  | { readonly by: 'subject'; readonly tenant: string; readonly subject: string }
  /** The administrator's key of a registered subject: under whichever `sub` it has. */
  | { readonly by: 'key'; readonly tenant: string; readonly key: string }
  | { readonly by: 'client'; readonly clientId: string }
  | { readonly by: 'tenant'; readonly tenant: string };

export interface RevocationOrder {
  readonly wish: RevocationWish;
  /** Unix seconds, at most 5 minutes ahead: what was issued before this. `null`: up to now. Not for single tokens. */
  readonly before: number | null;
  /** For the record. */
  readonly reason: string;
  readonly validateOnly: boolean;
}

export interface RevocationView {
  readonly by: 'token' | 'subject' | 'client' | 'tenant';
  /** `null`: of no tenant. */
  readonly tenant: string | null;
  /** Id of the token, `sub` of the subject, id of the client, slug of the tenant. */
  readonly name: string;
  /** Unix seconds. */
  readonly before: number;
  /** Unix seconds at which it is forgotten. */
  readonly until: number;
}

export interface RevocationReport {
  readonly validateOnly: boolean;
  readonly revocations: readonly RevocationView[];
  /** What to look at: a name that nobody has. */
  readonly warnings: readonly string[];
}

export interface StoredRevocationView extends RevocationView {
  readonly because: string;
  /** Unix milliseconds. */
  readonly revokedAt: number;
  readonly sequence: number;
}

export interface RevocationListing {
  readonly by: RevocationView['by'] | null;
  /** Those before this `sequence`; `null`: from the newest. */
  readonly below: number | null;
  /** 1 to 1000. */
  readonly limit: number;
}

export interface RevocationAdministration {
  /**
   * Takes back what was issued before then, for good: at once in exchanges, checks, introspection and administration on every replica,
   * and in the cut-off document for verifiers that do not ask. It also concerns tokens of identity providers, by their `iat`.
   *
   * @throws CodedError `REQUEST_PARAMETER_INVALID`, `LIVE_DATA_UNKNOWN`, `REVOCATIONS_FULL`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  revoke(context: CallContext, order: RevocationOrder): Promise<RevocationReport>;

  /** What has not ended, newest first. @throws CodedError `STORE_UNAVAILABLE` */
  list(
    context: CallContext,
    listing: RevocationListing,
  ): Promise<{ readonly items: readonly StoredRevocationView[]; readonly next: number | null }>;

  /** Forgets what ended; what the timer calls. Answers how many. @throws CodedError `STORE_UNAVAILABLE` */
  removeEnded(context: CallContext): Promise<number>;
}

export const REVOCATION_ADMINISTRATION: unique symbol = Symbol('RevocationAdministration');
