/**
 * Hides where revocations are kept and how every replica learns of them. Called by Managers.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** What is revoked. Names are those in our tokens, so that a verifier can compare them. */
export type RevocationTarget =
  /** One token of ours. */
  | { readonly by: 'token'; readonly tokenId: string }
  /** Everything about one subject: `sub` of our tokens. */
  | { readonly by: 'subject'; readonly tenant: string; readonly subject: string }
  /** Everything issued to one client: `client_id` of our tokens. */
  | { readonly by: 'client'; readonly clientId: string }
  /** Everything in one tenant, by its slug. */
  | { readonly by: 'tenant'; readonly tenant: string };

export interface Revocation {
  readonly target: RevocationTarget;
  /** Unix seconds: what was issued (`iat`) before this is revoked; what is issued from then on is not. For a token: now. */
  readonly before: number;
  /** Unix seconds after which nothing that it concerns can be current any more: then it is forgotten. */
  readonly until: number;
  /** Who revoked, and why, for the record. */
  readonly because: string;
}

/** What a token says that a revocation may name. */
export interface RevocableToken {
  /** `null`: not one of ours. */
  readonly tokenId: string | null;
  readonly tenant: string;
  readonly subject: string;
  readonly clientId: string;
  /** Unix seconds. */
  readonly issuedAt: number;
}

export interface RevocationAccess {
  /**
   * Whether anything revokes the token, or the subject, client or tenant that it names. From memory; every replica knows within 2 s.
   *
   * @throws CodedError `REVOCATIONS_UNKNOWN` when this process has not been able to confirm them for 5 minutes of database time, or
   *   has never read them
   */
  revokes(context: CallContext, token: RevocableToken): RevocationTarget | undefined;

  /**
   * Keeps a revocation. When this returns, it is durable, this process heeds it, and the others have been told. The later `before`
   * of two for the same target counts. Runs in the caller's unit of work, if there is one.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  revoke(context: CallContext, revocation: Revocation): Promise<void>;

  /** All that have not ended, in a fixed order, with a number that grows with every change of them. @throws CodedError `STORE_UNAVAILABLE` */
  current(context: CallContext): Promise<{ readonly sequence: number; readonly revocations: readonly Revocation[] }>;
}

export const REVOCATION_ACCESS: unique symbol = Symbol('RevocationAccess');
