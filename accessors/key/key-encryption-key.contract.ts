/**
 * Hides where the key-encryption key lives: in a file, later in a key vault. Called by the KeyAccess of this folder alone.
 * The key never leaves its provider; nothing here answers it.
 */
export interface KeyEncryptionKeyProvider {
  readonly name: 'file';

  /**
   * Makes the key ready for use.
   *
   * @throws CodedError `KEY_ENCRYPTION_KEY_MISSING`, `KEY_ENCRYPTION_KEY_INSECURE`
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
}
