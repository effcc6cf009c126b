/**
 * Hides the sequence of the life of our signing keys. Called by Clients.
 */
import type { PublishedKey } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export interface KeyringManager {
  /**
   * Makes the first key and the installation's secrets where they are missing, and records that it did. Call it at boot, before
   * any port is open.
   *
   * @throws CodedError `KEY_UNSEAL_FAILED`, `KEY_ENCRYPTION_KEY_MISSING`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  prepare(context: CallContext): Promise<void>;

  /** The public keys that verifiers must know. Served also while the database is away. */
  publishedKeys(context: CallContext): Promise<readonly PublishedKey[]>;
}

export const KEYRING_MANAGER: unique symbol = Symbol('KeyringManager');
