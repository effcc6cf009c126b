import { createPrivateKey, createPublicKey, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { SecretPurpose, SigningAlgorithm } from './contract.js';
import { seal, unseal, unsealFailed, type SealedPlace } from './envelope.js';
import { es256PublicJwk, es256Thumbprint, generateEs256, signsForItself, type Es256PublicJwk } from './es256.js';
import type { KeyEncryptionKey } from './key-encryption-key.contract.js';
import type { NewKey, NewSecret, StoredKey, StoredSecret } from './key.store.js';

const SECRET_BYTES = 32;

export interface OpenedKey {
  readonly privateKey: KeyObject;
  readonly publicJwk: Es256PublicJwk;
}

/** A new key, sealed; its private half exists nowhere else. */
export async function newKey(keyEncryptionKey: KeyEncryptionKey, algorithm: SigningAlgorithm): Promise<NewKey> {
  const { privateKey, publicKey } = generateEs256();
  const publicJwk = es256PublicJwk(publicKey);
  const kid = await es256Thumbprint(publicJwk);
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  try {
    return { kid, algorithm, publicJwk, ...(await seal(keyEncryptionKey, placeOfKey({ kid, algorithm }), pkcs8)) };
  } finally {
    pkcs8.fill(0);
  }
}

export async function newSecret(keyEncryptionKey: KeyEncryptionKey, purpose: SecretPurpose): Promise<NewSecret> {
  const secret = randomBytes(SECRET_BYTES);
  try {
    return { purpose, ...(await seal(keyEncryptionKey, placeOfSecret(purpose), secret)) };
  } finally {
    secret.fill(0);
  }
}

/**
 * Opens a stored key and proves that all of its row belongs together.
 *
 * SECURITY: every published key is opened, not only the one that signs. Its sealed half is what proves that a public key in
 * the table is ours; without that, whoever can write to the table could publish a key of their own.
 *
 * @throws CodedError `KEY_UNSEAL_FAILED`
 */
export async function openKey(keyEncryptionKey: KeyEncryptionKey, stored: StoredKey): Promise<OpenedKey> {
  const place = placeOfKey(stored);
  const pkcs8 = await unseal(keyEncryptionKey, place, stored);
  const privateKey = importPrivateKey(place, pkcs8);
  const publicKey = createPublicKey(privateKey);
  const publicJwk = es256PublicJwk(publicKey);
  if ((await es256Thumbprint(publicJwk)) !== stored.kid) throw unsealFailed(place, 'kid is not the thumbprint of the key');
  if (!isSameKey(publicJwk, stored.publicJwk)) throw unsealFailed(place, 'public_jwk is not the public half of the key');
  if (!signsForItself(privateKey, publicKey)) throw unsealFailed(place, 'the key failed its self-test');
  return { privateKey, publicJwk };
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

function importPrivateKey(place: SealedPlace, pkcs8: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch {
    throw unsealFailed(place, 'the sealed bytes are not a private key');
  } finally {
    pkcs8.fill(0);
  }
}

function isSameKey(expected: Es256PublicJwk, found: unknown): boolean {
  if (typeof found !== 'object' || found === null) return false;
  const members = new Map<string, unknown>(Object.entries(found));
  const names = Object.entries(expected);
  return members.size === names.length && names.every(([name, value]) => members.get(name) === value);
}

function placeOfKey(key: { readonly kid: string; readonly algorithm: string }): SealedPlace {
  return { table: 'signing_key', tenantId: PLATFORM_TENANT, row: key.kid, algorithm: key.algorithm, purpose: 'token-signing' };
}

function placeOfSecret(purpose: string): SealedPlace {
  return { table: 'installation_secret', tenantId: PLATFORM_TENANT, row: purpose, algorithm: 'HS256', purpose };
}
