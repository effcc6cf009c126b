/**
 * Hides how everything that is sealed comes under a new key-encryption key. Called by the KeyringManager, for an operator.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

export interface KeyRewrap {
  /**
   * Brings up to `batch` rows (1 to 1,000) that are sealed under another key-encryption key under the current one. Each row is
   * changed by itself and whole, so that it may be stopped at any point and asked again; call it until `remaining` is 0. A row
   * that does not open is left as it is and named in `failed`, and the others go on.
   *
   * @throws CodedError `STORE_UNAVAILABLE`, `KEY_ENCRYPTION_KEY_MISSING`, or the code of a vault that does not answer
   */
  rewrap(context: CallContext, options: { readonly batch: number }): Promise<RewrapProgress>;
}

export interface RewrapProgress {
  /** Id of the key-encryption key that everything is brought under. */
  readonly keyEncryptionKeyId: string;
  /** Rows that this call brought under it. */
  readonly rewrapped: number;
  /** Rows that are sealed under another one still; at 0 no other is needed any more. */
  readonly remaining: number;
  /** `table row` of those that could not be opened. While there is one, keep the key-encryption key that sealed it. */
  readonly failed: readonly string[];
}

export const KEY_REWRAP: unique symbol = Symbol('KeyRewrap');
