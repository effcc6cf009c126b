/** Hides the sequence of bringing everything that is sealed under a new key-encryption key. Called by Clients, for an operator. */
import type { CallContext } from '#utilities/call-context/contract.js';

export interface RewrapRequest {
  /** Rows in one step, 1 to 1,000. */
  readonly batch: number;
  /** Called after each step. */
  readonly onProgress?: (report: RewrapReport) => void;
}

export interface RewrapReport {
  /** Id of the key-encryption key that everything is brought under. */
  readonly keyEncryptionKeyId: string;
  /** Rows that were brought under it so far. */
  readonly rewrapped: number;
  /** Rows under another one still. At 0 no other key-encryption key is needed for this database. */
  readonly remaining: number;
  /** `table row` of those that could not be opened; they are as they were. */
  readonly failed: readonly string[];
}

export interface KeySealing {
  /**
   * Brings every sealed row under the current key-encryption key, step by step, each with its audit record. May be stopped at any
   * point and asked again; several may do it at once.
   *
   * @throws CodedError `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`, `KEY_ENCRYPTION_KEY_MISSING`, or the code of a vault
   */
  rewrap(context: CallContext, request: RewrapRequest): Promise<RewrapReport>;
}

export const KEY_SEALING: unique symbol = Symbol('KeySealing');
