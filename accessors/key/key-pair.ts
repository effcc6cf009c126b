import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import type { SigningAlgorithm } from './contract.js';
import type { PublicMembers } from './signing-backend.contract.js';

/** What a key of each algorithm must be: one key, one algorithm. */
const KEY_TYPES = { ES256: 'ec', RS256: 'rsa', PS256: 'rsa', Ed25519: 'ed25519' } as const satisfies Record<
  SigningAlgorithm,
  string
>;
const RSA_BITS = 2048;
const RSA_PUBLIC_EXPONENT = 65_537n;

const generate = promisify(generateKeyPair);

/** A new pair. RSA is made off the event loop: it takes a long time. */
export async function generateKeyPairFor(algorithm: SigningAlgorithm): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  switch (KEY_TYPES[algorithm]) {
    case 'ec':
      return generate('ec', { namedCurve: 'P-256' });
    case 'rsa':
      return generate('rsa', { modulusLength: RSA_BITS });
    case 'ed25519':
      return generate('ed25519');
  }
}

/**
 * The members by name, so that no other can slip through.
 *
 * @throws Error when the key is private, or is not one that this algorithm may have
 */
export function publicMembers(publicKey: KeyObject, algorithm: SigningAlgorithm): PublicMembers {
  const members = publicKey.type === 'public' && fits(publicKey, algorithm) ? membersOf(publicKey) : undefined;
  if (members === undefined) throw new Error(`not a public key for ${algorithm}`);
  return members;
}

/** RFC 7638, SHA-256, base64url. */
export function thumbprintOf(members: PublicMembers): Promise<string> {
  return calculateJwkThumbprint({ ...members }, 'sha256');
}

export function isSameKey(expected: PublicMembers, found: unknown): boolean {
  if (typeof found !== 'object' || found === null) return false;
  const members = new Map<string, unknown>(Object.entries(found));
  const names = Object.entries(expected);
  return members.size === names.length && names.every(([name, value]) => members.get(name) === value);
}

function fits(key: KeyObject, algorithm: SigningAlgorithm): boolean {
  if (key.asymmetricKeyType !== KEY_TYPES[algorithm]) return false;
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'ec') return details?.namedCurve === 'prime256v1';
  if (key.asymmetricKeyType !== 'rsa') return true;
  const bits = details?.modulusLength ?? 0;
  return bits >= RSA_BITS && bits <= 4096 && details?.publicExponent === RSA_PUBLIC_EXPONENT;
}

function membersOf(publicKey: KeyObject): PublicMembers | undefined {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  if (kty === 'RSA') return n === undefined || e === undefined ? undefined : { kty, n, e };
  if (x === undefined) return undefined;
  if (kty === 'OKP' && crv === 'Ed25519') return { kty, crv, x };
  return kty === 'EC' && crv === 'P-256' && y !== undefined ? { kty, crv, x, y } : undefined;
}
