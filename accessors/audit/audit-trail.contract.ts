/**
 * Hides how audit records are kept, found, and gone after their time. Called by the AdministrationManager alone.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ChainHead } from './audit-evidence.contract.js';

/** A record as it was kept; `null`: the kind of record does not have it, or it was erased. */
export interface KeptRecord {
  readonly id: string;
  readonly tenantId: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly outcome: string;
  readonly diagnosticId: string;
  readonly transport: string;
  readonly clientId: string | null;
  readonly exchangeCase: string | null;
  readonly subject: string | null;
  readonly actor: string | null;
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly tokenId: string | null;
  readonly kid: string | null;
  /** Unix seconds. */
  readonly expiresAt: number | null;
  readonly permissionCount: number | null;
  readonly policyVersion: string | null;
  readonly epoch: number | null;
  readonly subjectTokenSha256: string | null;
  readonly code: string | null;
  readonly what: string | null;
  readonly detail: string | null;
  /** `null`: from before chains. */
  readonly chain: string | null;
  readonly sequence: number | null;
  readonly hash: string | null;
  /** Whether what points to a person was erased. */
  readonly erased: boolean;
}

/** All that is named must fit. */
export interface RecordQuery {
  readonly tenantId?: string;
  readonly outcome?: 'issued' | 'refused' | 'changed';
  readonly clientId?: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly audience?: string;
  readonly code?: string;
  readonly what?: string;
  readonly tokenId?: string;
  readonly kid?: string;
  readonly diagnosticId?: string;
  /** Unix milliseconds, inclusive. */
  readonly since?: number;
  /** Unix milliseconds, exclusive. */
  readonly until?: number;
}

/** A record's place in time: the first of a page comes after it. */
export interface RecordCursor {
  readonly at: number;
  readonly id: string;
}

export interface RecordPage {
  readonly order: 'oldest' | 'newest';
  readonly after: RecordCursor | null;
  readonly limit: number;
}

export interface PartitionReport {
  /** Day of the database, `YYYY-MM-DD`, UTC. */
  readonly today: string;
  readonly made: number;
  /** Days ahead without a partition: records of them are in the default one already, where retention does not reach them. */
  readonly blocked: number;
}

/** The last record of a chain in what is about to be dropped. */
export interface ChainEnd extends ChainHead {
  readonly recordId: string;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface AuditTrail {
  /** @throws CodedError `STORE_UNAVAILABLE` */
  records(context: CallContext, query: RecordQuery, page: RecordPage): Promise<readonly KeptRecord[]>;

  /**
   * Takes away, in every record about this subject, what points to it; records of changes keep who made them. Chains go on
   * verifying. Answers how many records were changed.
   */
  erase(context: CallContext, subject: string): Promise<number>;

  /** Begins to ship what ended processes left in the folder of spools, where there is one; looks again every few seconds. */
  recoverSpool(context: CallContext): Promise<void>;

  /** Makes the partitions of today and so many days ahead. */
  preparePartitions(context: CallContext, daysAhead: number): Promise<PartitionReport>;

  /** How large the default partition is; 0: no record ever stood there. */
  strayBytes(context: CallContext): Promise<number>;

  /**
   * Where each chain stands that has records in partitions from before that day (`YYYY-MM-DD`, UTC): the last one of those, as the
   * records say. Nobody has verified it.
   */
  endsBefore(context: CallContext, day: string): Promise<readonly ChainEnd[]>;

  /** Drops the partitions whose records are all from before that day. Answers their names. */
  dropBefore(context: CallContext, day: string): Promise<readonly string[]>;
}

export const AUDIT_TRAIL: unique symbol = Symbol('AuditTrail');
