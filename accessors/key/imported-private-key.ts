import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { SigningAlgorithm } from './contract.js';
import { signsForItself } from './jws-signature.js';
import { publicMembers, thumbprintOf } from './key-pair.js';

const MOST_BYTES = 16 * 1024;
/** PKCS#8, and the older forms of each type; nothing encrypted, nothing beside it. */
const ONE_PEM = /^\s*-----BEGIN ((?:EC |RSA )?PRIVATE KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----\s*$/;
const JWK_ALGORITHMS: Readonly<Record<SigningAlgorithm, readonly string[]>> = {
  ES256: ['ES256'],
  RS256: ['RS256'],
  PS256: ['PS256'],
  Ed25519: ['Ed25519', 'EdDSA'],
};

type Members = Readonly<Record<string, unknown>>;

/**
 * A private key that somebody else made, PEM or JWK, with everything checked that it will be relied on for: one key, unencrypted, of
 * the type and size of the algorithm, for signatures, its parts consistent, and what it signs verified by what it publishes.
 *
 * @throws CodedError `KEY_IMPORT_REFUSED`; nothing of the key is in it
 */
export async function importedPrivateKey(content: Buffer, algorithm: SigningAlgorithm): Promise<KeyObject> {
  if (content.length === 0 || content.length > MOST_BYTES)
    throw refused('expected one private key, PEM or JWK, of at most 16 KiB');
  // A string of the key that cannot be filled with zeros, in a command that ends.
  const text = content.toString('utf8');
  const jwk = text.trimStart().startsWith('{') ? jwkIn(text, algorithm) : null;
  const privateKey = parsed(text, jwk);
  const publicJwk = membersOf(privateKey, algorithm);
  if (jwk !== null && jwk['kid'] !== undefined && jwk['kid'] !== (await thumbprintOf(publicJwk))) {
    throw refused('kid is not the RFC 7638 thumbprint of the key; leave it out');
  }
  if (!isConsistent(privateKey)) throw refused('the parts of the RSA key do not belong together');
  if (await signs(privateKey, algorithm)) return privateKey;
  throw refused('what the private half signs is not verified by the public half');
}

function parsed(text: string, jwk: Members | null): KeyObject {
  try {
    if (jwk !== null) return createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' });
    if (ONE_PEM.test(text)) return createPrivateKey(text);
  } catch {
    // Falls through: what OpenSSL says may quote the key.
  }
  throw refused('expected one unencrypted private key: a PEM block (PRIVATE KEY, EC PRIVATE KEY, RSA PRIVATE KEY), or a JWK');
}

function jwkIn(text: string, algorithm: SigningAlgorithm): Members {
  const members = objectIn(text);
  const { d, alg, use, key_ops: operations } = members;
  if (typeof d !== 'string') throw refused('the JWK has no private half of a key pair');
  if (alg !== undefined && !JWK_ALGORITHMS[algorithm].some((name) => name === alg))
    throw refused(`alg of the JWK is not ${algorithm}`);
  if (use !== undefined && use !== 'sig') throw refused('use of the JWK is not sig');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('sign'))) {
    throw refused('key_ops of the JWK does not have sign');
  }
  return members;
}

function objectIn(text: string): Members {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !('keys' in value)) return { ...value };
  } catch {
    // Falls through: a syntax error quotes what it read.
  }
  throw refused('not one JWK');
}

function membersOf(privateKey: KeyObject, algorithm: SigningAlgorithm): ReturnType<typeof publicMembers> {
  try {
    return publicMembers(createPublicKey(privateKey), algorithm);
  } catch {
    throw refused(
      `not a key for ${algorithm}: ES256 takes P-256, Ed25519 its own, RS256 and PS256 RSA of 2048 to 4096 bits with e = 65537`,
    );
  }
}

async function signs(privateKey: KeyObject, algorithm: SigningAlgorithm): Promise<boolean> {
  try {
    return await signsForItself(privateKey, createPublicKey(privateKey), algorithm);
  } catch {
    return false;
  }
}

/** SECURITY: OpenSSL takes RSA parts as they come, and signs with whichever of them work. */
function isConsistent(privateKey: KeyObject): boolean {
  if (privateKey.asymmetricKeyType !== 'rsa') return true;
  const jwk = privateKey.export({ format: 'jwk' });
  const [n, e, d, p, q] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q].map(numberIn) as [bigint, bigint, bigint, bigint, bigint];
  const [dp, dq, qi] = [jwk.dp, jwk.dq, jwk.qi].map(numberIn) as [bigint, bigint, bigint];
  if (p <= 1n || q <= 1n || p === q || p * q !== n) return false;
  if ((e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n) return false;
  return d % (p - 1n) === dp && d % (q - 1n) === dq && (q * qi) % p === 1n;
}

function numberIn(part: string | undefined): bigint {
  const hex = Buffer.from(part ?? '', 'base64url').toString('hex');
  return hex === '' ? 0n : BigInt(`0x${hex}`);
}

function refused(actual: string): CodedError {
  return new CodedError('KEY_IMPORT_REFUSED', { actual });
}
