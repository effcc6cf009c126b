/**
 * Hides where the key-encryption key lives: in a file, in the environment, in a key vault. Called by this folder alone.
 * The key never leaves its provider; nothing here answers it.
 */
export interface KeyEncryptionKeyProvider {
  readonly name: 'file' | 'env' | 'azure-key-vault';

  /**
   * Makes the key ready for use.
   *
   * @throws CodedError `KEY_ENCRYPTION_KEY_MISSING`, `KEY_ENCRYPTION_KEY_INSECURE`, or a code of the vault
   */
  open(): Promise<KeyEncryptionKey>;
}

export interface KeyEncryptionKey {
  /** Names this very key (and, where there are versions, this version). Stored beside all that it wraps; tells nothing about the key. */
  readonly id: string;

  /**
   * Encrypts a data key so that only `unwrap` with the same `boundTo` gives it back. The form of the result belongs to the
   * provider and is stored as it is.
   */
  wrap(dataKey: Buffer, boundTo: Buffer): Promise<Buffer>;

  /** The data key, in a buffer that the caller fills with zeros after use. Rejects on any alteration of either argument. */
  unwrap(wrapped: Buffer, boundTo: Buffer): Promise<Buffer>;

  /**
   * The key that sealed a row, by the id stored there: this one, another version of it, or one that is still kept for old rows.
   * `undefined`: not known here.
   */
  withId(id: string): KeyEncryptionKey | undefined;
}

/** What is stored: the plaintext under a data key of its own, and that data key under the key-encryption key. */
export interface Sealed {
  readonly sealed: Buffer;
  readonly wrappedDataKey: Buffer;
  readonly keyEncryptionKeyId: string;
  readonly formatVersion: number;
}
