import type { RecordColumns } from './canonical-record.js';

/** A record with its link, as it is read back. Hashes and salts are hex. */
export interface LinkedRecord extends RecordColumns {
  readonly chain: string;
  readonly sequence: number;
  readonly salt: string | null;
  readonly hash: string;
  /** Digest in place of what was erased. */
  readonly erased: string | null;
}
