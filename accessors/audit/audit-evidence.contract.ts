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

/** What the chains are compared with. */
export interface ChainExpectations {
  /** The newest head that a checkpoint names, by chain. */
  readonly heads: ReadonlyMap<string, ChainHead>;
  /** Up to where records are gone by retention, by chain. */
  readonly carried: ReadonlyMap<string, ChainHead>;
  /** All heads that checkpoints name of these chains, ascending: for the places where chains were made anew. */
  readonly points?: ReadonlyMap<string, readonly ChainHead[]>;
  /** Unix milliseconds of the newest checkpoint: records from well before it are in one. `null`: there is none. */
  readonly sealedAt: number | null;
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
  /** The end of a chain, or all of it, that a checkpoint knows is gone. */
  | 'cut'
  /** The chain fits itself, but not the checkpoints: it was made anew from one of these records on. */
  | 'rewritten'
  /** A record in no chain, from after the time at which chains began. */
  | 'unchained'
  /** A record that should be in a checkpoint by now, and is in none. */
  | 'unsealed';

/** The first thing that is wrong with a chain. */
export interface ChainFault {
  readonly kind: ChainFaultKind;
  /** `null` with `unchained`. */
  readonly chain: string | null;
  /** The first record that is concerned, and how many records at least. */
  readonly sequence: number | null;
  readonly count: number;
  /** Of that record, or of the last one before it that is there. `null`: no record is left. */
  readonly recordId: string | null;
  /** Unix milliseconds of that record. */
  readonly at: number | null;
}

export interface ChainInspectionReport {
  readonly records: number;
  readonly chains: number;
  readonly faults: readonly ChainFault[];
}

export interface AuditEvidence {
  /** Whether records were committed that no checkpoint has. */
  hasUnsealed(context: CallContext): Promise<boolean>;

  /** Takes or renews the lease on checkpoints for `holder`; `false` while another holds it. */
  takeLease(context: CallContext, holder: string, seconds: number): Promise<boolean>;

  /** The newest head of each chain that has records without a checkpoint; at most so many chains, those that waited longest. */
  unsealedHeads(context: CallContext, limit: number): Promise<readonly ChainHead[]>;

  /**
   * Keeps a checkpoint over these heads. `false`: its number is taken, so another was quicker; nothing is kept then.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  addCheckpoint(context: CallContext, checkpoint: StoredCheckpoint, heads: readonly ChainHead[]): Promise<boolean>;

  /** The one with the highest number; `undefined`: there is none yet. */
  lastCheckpoint(context: CallContext): Promise<StoredCheckpoint | undefined>;

  /** Those after that number, in order. */
  checkpoints(context: CallContext, after: number, limit: number): Promise<readonly StoredCheckpoint[]>;

  /**
   * Puts every checkpoint that is not outside yet where the settings say, in order, and into the log. What fails is logged, counted
   * and tried again by the next call. Answers how many are outside now that were not.
   */
  anchor(context: CallContext): Promise<number>;

  /** The documents in files of checkpoints, the configured one among them if it is there; each once, in the order of the files. */
  anchored(context: CallContext, files: readonly string[]): Promise<readonly string[]>;

  /**
   * Walks through every chain and compares. `progress` is called every few thousand records.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  inspect(context: CallContext, expected: ChainExpectations, progress: (records: number) => void): Promise<ChainInspectionReport>;
}

export const AUDIT_EVIDENCE: unique symbol = Symbol('AuditEvidence');
