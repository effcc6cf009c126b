/**
 * Hides where the audit trail goes. Called by Managers. Records hold ids and digests, never a token, a secret or a name.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

export interface ExchangeRecord {
  readonly outcome: 'issued';
  readonly tenantId: string;
  readonly clientId: string;
  readonly case: 'own' | 'on-behalf-of' | 'impersonation';
  /** `sub` of the issued token. */
  readonly subject: string;
  /** `act.sub` of the issued token. */
  readonly actor: string | null;
  readonly issuer: string;
  readonly audience: string;
  readonly tokenId: string;
  readonly kid: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly permissionCount: number;
  readonly policyVersion: string;
  readonly epoch: number;
  /** SHA-256 of `header.payload` of the subject token, hex; not of the signature, which can be altered without breaking it. */
  readonly subjectTokenSha256: string;
  /** What is not plain: who acted before, how many exchanges lie behind it, what it is bound to. Short; bounded by the store. */
  readonly detail?: string | null;
}

export interface RefusalRecord {
  readonly outcome: 'refused';
  readonly tenantId: string | null;
  readonly clientId: string;
  readonly code: string;
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly subjectTokenSha256: string | null;
  /** What a finding or an error says to operators alone. Short; bounded by the store. */
  readonly detail: string | null;
}

/** A change that an operator or a timer made. */
export interface ChangeRecord {
  readonly outcome: 'changed';
  readonly what: string;
  readonly detail: string;
}

export interface AuditAccess {
  /**
   * Returns when the record is durable, and not before. Records of one moment share a commit. A record whose commit got no
   * answer is written again under the same id, so that it is there exactly once.
   *
   * The record commits by itself. Call it after a unit of work has ended, never within: it would neither join the unit nor, on
   * the embedded database, get a connection.
   *
   * @throws CodedError `AUDIT_UNAVAILABLE` when it cannot be made durable; the caller must then not answer what it decided
   */
  record(context: CallContext, record: ExchangeRecord | RefusalRecord | ChangeRecord): Promise<void>;
}

/** One decision of a check, so that it can be asked again under another policy. Values of attributes are not in it. */
export interface DecisionRecord {
  readonly decisionId: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** Id of the stored subject; `null`: it is not stored, so it cannot be asked again. */
  readonly subjectId: string | null;
  readonly audience: string;
  readonly permission: string;
  readonly resourceType: string | null;
  readonly resourceId: string | null;
  readonly unit: string | null;
  readonly allowed: boolean;
  readonly code: string;
  readonly policyVersion: string;
  readonly epoch: number;
}

/** A decision as it was recorded. */
export interface RecordedDecision extends DecisionRecord {
  /** Unix milliseconds. */
  readonly at: number;
}

/** The trail of live decisions: written behind the answer, read back to try out a policy. */
export interface DecisionTrail {
  /** Takes note, and returns at once. What cannot be written is counted, never waited for; the queue is bounded. */
  note(context: CallContext, record: DecisionRecord): void;

  /** Newest first. @throws CodedError `STORE_UNAVAILABLE` */
  decisions(
    context: CallContext,
    tenantId: string,
    query: { readonly since: number; readonly limit: number },
  ): Promise<readonly RecordedDecision[]>;
}

export const DECISION_TRAIL: unique symbol = Symbol('DecisionTrail');

/** Tokens that were issued under one key, by audience and hour. */
export interface IssuedUnder {
  readonly audience: string;
  /** Beginning of the hour in which they were issued, Unix milliseconds. */
  readonly hour: number;
  readonly tokens: number;
  /** End of the last of them, Unix milliseconds. */
  readonly lastExpiresAt: number;
}

/** The trail of changes that commit together with their record. */
export interface ChangeTrail {
  /**
   * Writes the record on the caller's unit of work: it is there if the change is, and not otherwise. Only for changes, which are
   * few; it shares no commit with others.
   *
   * @throws CodedError `AUDIT_UNAVAILABLE`; the unit of work must then not commit
   */
  recordWithin(context: CallContext, record: ChangeRecord): Promise<void>;

  /**
   * What was issued under a key since then (Unix milliseconds), newest hour first.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  issuedUnder(context: CallContext, kid: string, since: number): Promise<readonly IssuedUnder[]>;
}

export const CHANGE_TRAIL: unique symbol = Symbol('ChangeTrail');
export const AUDIT_ACCESS: unique symbol = Symbol('AuditAccess');
