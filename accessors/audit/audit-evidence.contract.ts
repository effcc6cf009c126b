/**
 * Hides what proves that the audit trail is whole: chains of hashes, checkpoints over them, and what of them is kept outside of the
 * database. Called by the AdministrationManager alone.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** The last record of a chain that is meant, and its hash: SHA-256, hex, over the record and all before it in the chain. */
export interface ChainHead {
  readonly chain: string;
  /** From 1. */
  readonly sequence: number;
  readonly hash: string;
}

/** A signed document, compact JWS. Its content is the business of whoever signs and reads it. */
export interface StoredCheckpoint {
  /** From 1, without gaps. */
  readonly number: number;
  readonly document: string;
}

/** A checkpoint to be kept, with what it says. */
export interface NewCheckpoint extends StoredCheckpoint {
  readonly heads: readonly ChainHead[];
  readonly carries: boolean;
}

/** What the chains are compared with. */
export interface ChainExpectations {
  /** The newest head that a checkpoint names, by chain. */
  readonly heads: ReadonlyMap<string, ChainHead>;
  /** Up to where records are gone by retention, by chain: every place that was signed as such, ascending. */
  readonly carried: ReadonlyMap<string, readonly ChainHead[]>;
  /** All heads that checkpoints name of these chains, ascending: for the places where chains were made anew. */
  readonly points?: ReadonlyMap<string, readonly ChainHead[]>;
  /** Unix milliseconds of the newest checkpoint: records from well before it are in one. `null`: there is none. */
  readonly sealedAt: number | null;
  /** Where only a part of the trail is meant; left out: all of it. */
  readonly part?: TrailPart;
}

/** What retention is about to drop, and as much after it as it takes to prove that. */
export interface TrailPart {
  /** Only these chains, each up to this place. */
  readonly ends: ReadonlyMap<string, number>;
  /** Of records without a chain, only those before then; Unix milliseconds. */
  readonly before: number;
}

export type ChainFaultKind =
  /** Records between two others are gone. */
  | 'deleted'
  /** A record, its place or its hash is not what was written. */
  | 'altered'
  /** Records have changed places. */
  | 'reordered'
  /** Two records claim one place. */
  | 'inserted'
  /** A record claims a place that no record has: before the first one, or among those that are gone by retention. */
  | 'misplaced'
  /** The end of a chain, or all of it, that a checkpoint knows is gone. */
  | 'cut'
  /** The chain fits itself, but not the checkpoints: it was made anew from one of these records on. */
  | 'rewritten'
  /** A record in no chain, from after the time at which chains began. */
  | 'unchained'
  /** A record that should be in a checkpoint by now, and is in none. */
  | 'unsealed'
  /** Records were erased that no record of an erasure accounts for; `count` is how many. */
  | 'erased';

/** The first thing that is wrong with a chain. */
export interface ChainFault {
  readonly kind: ChainFaultKind;
  /** `null` with `unchained`, and with `erased`. */
  readonly chain: string | null;
  /** The first record that is concerned, and how many records at least. */
  readonly sequence: number | null;
  readonly count: number;
  /** Of that record, or of the last one before it that is there. `null`: no record is left. */
  readonly recordId: string | null;
  /** Unix milliseconds of that record. */
  readonly at: number | null;
}

/** Records that no longer say whom they are about. */
export interface ErasedRecords {
  /** By chain, in the order of chains; `null`: from before chains. */
  readonly inChains: readonly { readonly chain: string | null; readonly records: number }[];
  /** How many the records of erasures that are there say, all together; those of which retention dropped some are among them. */
  readonly accountedFor: number;
}

/** Records behind the heads that checkpoints name. */
export interface UnsealedRecords {
  readonly records: number;
  /** Unix milliseconds. */
  readonly oldestAt: number;
}

export interface ChainInspectionReport {
  readonly records: number;
  readonly chains: number;
  readonly faults: readonly ChainFault[];
  readonly erased: ErasedRecords;
  /** `null`: every record is in a checkpoint. */
  readonly unsealed: UnsealedRecords | null;
  /** Of the newest record, Unix milliseconds; `null`: there is none in a chain. */
  readonly newestAt: number | null;
}

/** Which checkpoints are meant. */
export interface CheckpointRange {
  /** Those after that number. */
  readonly after: number;
  readonly limit: number;
  /** Only those that say up to where chains are gone. */
  readonly carrying?: true;
  /** Only those made from then on by the clock of the database; Unix milliseconds. */
  readonly since?: number;
}

export interface AuditEvidence {
  /** Whether records were committed that no checkpoint has. */
  hasUnsealed(context: CallContext): Promise<boolean>;

  /** Takes or renews the lease on checkpoints for `holder`; `false` while another holds it. */
  takeLease(context: CallContext, holder: string, seconds: number): Promise<boolean>;

  /** The newest head of each chain that has records without a checkpoint; at most so many chains, those that waited longest. */
  unsealedHeads(context: CallContext, limit: number): Promise<readonly ChainHead[]>;

  /**
   * Keeps a checkpoint over its heads. `false`: its number is taken, so another was quicker; nothing is kept then.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  addCheckpoint(context: CallContext, checkpoint: NewCheckpoint): Promise<boolean>;

  /** The one with the highest number; `undefined`: there is none yet. */
  lastCheckpoint(context: CallContext): Promise<StoredCheckpoint | undefined>;

  /** In the order of their numbers. */
  checkpoints(context: CallContext, range: CheckpointRange): Promise<readonly StoredCheckpoint[]>;

  /**
   * Puts every checkpoint that is not outside yet where the settings say, in order, and into the log. What fails is logged, counted
   * and tried again by the next call. Answers how many are outside now that were not.
   */
  anchor(context: CallContext): Promise<number>;

  /** The documents in files of checkpoints, the configured one among them if it is there; each once, in the order of the files. */
  anchored(context: CallContext, files: readonly string[]): Promise<readonly string[]>;

  /**
   * Walks through every chain, or through the part that is meant, and compares. `progress` is called every few thousand records.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  inspect(context: CallContext, expected: ChainExpectations, progress: (records: number) => void): Promise<ChainInspectionReport>;
}

export const AUDIT_EVIDENCE: unique symbol = Symbol('AuditEvidence');
