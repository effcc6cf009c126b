/**
 * Hides the sequence of proving, keeping and reading the audit trail. Called by timers and by operators' Clients. Times are Unix
 * milliseconds.
 */
import type { ChainFault, ErasedRecords } from '#accessors/audit/audit-evidence.contract.js';
import type {
  KeptRecord,
  PartitionReport,
  RecordCursor,
  RecordPage,
  RecordQuery,
} from '#accessors/audit/audit-trail.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export type AuditRecordView = KeptRecord;
export type AuditQuery = RecordQuery;
export type AuditPage = RecordPage;
export type AuditCursor = RecordCursor;

export interface SealReport {
  /** `false`: there was nothing new, or another process does it. */
  readonly held: boolean;
  /** Checkpoints made now. */
  readonly made: number;
  /** Checkpoints that are outside of the database since now. */
  readonly anchored: number;
}

export interface UpkeepReport {
  readonly partitions: PartitionReport;
  /** Size of the default partition, which retention does not reach; 0: no record ever stood there. */
  readonly strayBytes: number;
  /** Partitions that were dropped. */
  readonly dropped: readonly string[];
  /** Why nothing was dropped: what is wrong with records whose time is over. Empty: nothing is. */
  readonly refused: readonly ChainFault[];
}

export type CheckpointFaultKind =
  /** It has no good signature of ours. */
  | 'checkpoint-forged'
  /** Its number is missing, in the database or between two that are there. */
  | 'checkpoint-missing'
  /** It is not the one that was made: its neighbour or the copy outside says so. */
  | 'checkpoint-altered';

export interface CheckpointFault {
  readonly kind: CheckpointFaultKind;
  readonly number: number;
  readonly because: string;
}

export interface VerifyOrder {
  /** Files of checkpoints that were kept outside, beside the configured one. */
  readonly anchors: readonly string[];
  readonly progress?: (done: { readonly checkpoints: number; readonly records: number }) => void;
}

/** Records that should be in a checkpoint by now. Times are Unix milliseconds. */
export interface StaleCheckpoints {
  readonly records: number;
  readonly oldestAt: number;
  readonly newestAt: number;
  /** Of the newest checkpoint; `null`: there is none. */
  readonly checkpointAt: number | null;
  /** How long a record may be in no checkpoint before this is said. */
  readonly allowedSeconds: number;
}

export interface AuditVerdict {
  /** No fault was found, and checkpoints are not stale. */
  readonly whole: boolean;
  readonly records: number;
  readonly chains: number;
  readonly checkpoints: number;
  /** The newest checkpoint that is outside too; `null`: none is, so whoever writes to the database could have cut it at any place. */
  readonly outside: { readonly number: number; readonly at: number } | null;
  /** The newest checkpoint of all. */
  readonly newest: { readonly number: number; readonly at: number } | null;
  /** `null`: every record is in a checkpoint, or was not there for long. */
  readonly stale: StaleCheckpoints | null;
  readonly erased: ErasedRecords;
  readonly checkpointFaults: readonly CheckpointFault[];
  /** The first fault of each chain. */
  readonly chainFaults: readonly ChainFault[];
  /** What is no fault and should be known. */
  readonly warnings: readonly string[];
}

export interface EraseOrder {
  /** `sub` as it stands in tokens and records. */
  readonly subject: string;
  /** For the record of the erasure, which does not name the subject. */
  readonly reason: string;
}

export interface AuditAdministration {
  /**
   * Makes the checkpoints that are due, under the lease on them, and puts them outside. What the timer calls every few seconds; safe
   * with any number of processes.
   *
   * @throws CodedError `STORE_UNAVAILABLE`, `SIGNING_UNAVAILABLE`
   */
  seal(context: CallContext): Promise<SealReport>;

  /**
   * Makes partitions ahead and drops those whose time is over; where each chain stood by then is signed first, so that what remains
   * verifies. What does not verify itself is neither signed nor dropped, nor is anything of its time. What the timer calls about
   * once an hour.
   */
  upkeep(context: CallContext): Promise<UpkeepReport>;

  /** Compares every record with its chain, every chain with the checkpoints, and those with what was kept outside. */
  verify(context: CallContext, order: VerifyOrder): Promise<AuditVerdict>;

  /** Records of every tenant that fit all that is named, in the order of their times. @throws CodedError `STORE_UNAVAILABLE` */
  records(context: CallContext, query: AuditQuery, page: AuditPage): Promise<readonly AuditRecordView[]>;

  /** Takes away what points to a subject in every record about it, and records that. Answers how many records were changed. */
  erase(context: CallContext, order: EraseOrder): Promise<number>;
}

export const AUDIT_ADMINISTRATION: unique symbol = Symbol('AuditAdministration');
