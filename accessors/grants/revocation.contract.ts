/**
 * Hides where revocations are kept and how every replica learns of them. Called by Managers.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** Whose a single token was: what may be revoked in its place where too many single ones are. */
export interface TokenOrigin {
  readonly tenant: string;
  readonly subject: string;
  readonly clientId: string;
}

/** What is revoked. Names are those in our tokens, so that a verifier can compare them. */
export type RevocationTarget =
  /** One token of ours. `of`: `null` where only its id is known. */
  | { readonly by: 'token'; readonly tokenId: string; readonly of: TokenOrigin | null }
  /** Everything about one subject: `sub` of our tokens. */
  | { readonly by: 'subject'; readonly tenant: string; readonly subject: string }
  /** Everything issued to one client: `client_id` of our tokens. */
  | { readonly by: 'client'; readonly clientId: string }
  /** Everything in one tenant, by its slug. */
  | { readonly by: 'tenant'; readonly tenant: string };

/** A revocation as every process keeps it. */
export interface StandingRevocation {
  readonly target: RevocationTarget;
  /** Unix seconds: what was issued (`iat`) before this is revoked; what is issued from then on is not. A single token is, whenever it was issued. */
  readonly before: number;
  /** Unix seconds after which nothing that it concerns can be current any more: then it is forgotten. */
  readonly until: number;
}

export interface Revocation extends StandingRevocation {
  /** Who revoked, and why, for the record. */
  readonly because: string;
}

/** As it is stored. */
export interface StoredRevocation extends Revocation {
  /** Grows with every change, also over a restored database. */
  readonly sequence: number;
  /** Unix milliseconds of the database. */
  readonly revokedAt: number;
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
  /**
   * What it came from, in Unix seconds. A cut-off concerns what was issued before it, and whatever came of that later: a process that
   * did not know of it yet may have exchanged it.
   */
  readonly origin?: { readonly issuedAt: number };
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
   * Keeps a revocation, in the caller's unit of work if there is one, and answers what is kept now. The later `before` of two for the
   * same target counts. At 50,000 single tokens the subject of the token is cut off in its place, and at 50,000 subjects its client:
   * never less than what was asked for.
   *
   * @throws CodedError `STORE_UNAVAILABLE`, `REVOCATIONS_FULL` when there is nothing wider to cut off
   */
  revoke(context: CallContext, revocation: Revocation): Promise<Revocation>;

  /**
   * When this returns, this process heeds everything that was committed, and the others have been told. Call it after the unit of work
   * has ended.
   *
   * @throws CodedError `STORE_UNAVAILABLE`: what was committed stays, and is known everywhere with the next poll, within 30 s
   */
  announce(context: CallContext): Promise<void>;

  /**
   * All that have not ended, from memory, in a fixed order, with a number that grows with every change of them. The same array as
   * long as nothing changes.
   *
   * @throws CodedError `REVOCATIONS_UNKNOWN`
   */
  current(context: CallContext): { readonly sequence: number; readonly revocations: readonly StandingRevocation[] };

  /** What is stored and has not ended, newest first. @throws CodedError `STORE_UNAVAILABLE` */
  list(context: CallContext, query: RevocationQuery): Promise<readonly StoredRevocation[]>;

  /** Forgets ended ones, some thousands at a time; any number of processes may. Answers how many. @throws CodedError `STORE_UNAVAILABLE` */
  removeEnded(context: CallContext): Promise<number>;
}

export interface RevocationQuery {
  readonly by: RevocationTarget['by'] | null;
  /** Only those with a lower sequence; `null`: from the newest. */
  readonly below: number | null;
  /** 1 to 1000. */
  readonly limit: number;
}

export const REVOCATION_ACCESS: unique symbol = Symbol('RevocationAccess');
