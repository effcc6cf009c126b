import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { SecretPurpose } from './contract.js';
import { seal, unseal, unsealFailed, type SealedPlace } from './envelope.js';
import type { KeyEncryptionKey } from './key-encryption-key.contract.js';
import type { NewSecret, StoredSecret } from './key.store.js';

const SECRET_BYTES = 32;

export async function newSecret(keyEncryptionKey: KeyEncryptionKey, purpose: SecretPurpose): Promise<NewSecret> {
  const secret = randomBytes(SECRET_BYTES);
  try {
    return { purpose, ...(await seal(keyEncryptionKey, placeOfSecret(purpose), secret)) };
  } finally {
    secret.fill(0);
  }
}

/** @throws CodedError `KEY_UNSEAL_FAILED` */
export async function openSecret(keyEncryptionKey: KeyEncryptionKey, stored: StoredSecret): Promise<KeyObject> {
  const place = placeOfSecret(stored.purpose);
  const secret = await unseal(keyEncryptionKey, place, stored);
  try {
    if (secret.length !== SECRET_BYTES) throw unsealFailed(place, 'not 32 bytes');
    return createSecretKey(secret);
  } finally {
    secret.fill(0);
  }
}

function placeOfSecret(purpose: string): SealedPlace {
  return { table: 'installation_secret', tenantId: PLATFORM_TENANT, row: purpose, algorithm: 'HS256', purpose };
}
