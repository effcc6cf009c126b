import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { isObject, readStrictJson, type JsonObject } from './strict-json.js';

/** What the service signs with. */
export type SignatureAlgorithm = 'ES256' | 'Ed25519' | 'PS256' | 'RS256';

/** A key and the one algorithm that it is good for. */
export interface PublicKey {
  readonly kid: string;
  readonly algorithm: SignatureAlgorithm;
  /** Prepared: with it, a signature is checked without any import. */
  readonly key: KeyObject;
}

const MOST_KEYS = 100;
const MOST_MEMBERS = 2_000;
const KEY_ID_CHARACTERS = 256;
const LEAST_RSA_BITS = 2_048;
const MOST_RSA_BITS = 8_192;
const LEAST_EXPONENT = 65_537n;

/** RFC 7518 §6.2.2, §6.3.2, §6.4.1: members that only a secret has. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/**
 * The keys of a JWKS (RFC 7517) that may be used, by `kid`. Of one bad key nothing is taken; the good ones beside it stay.
 *
 * @throws Error when it is no key set, when two keys have one `kid`, or when no key of it may be used
 */
export function readKeySet(bytes: Buffer, allowed: readonly SignatureAlgorithm[]): ReadonlyMap<string, PublicKey> {
  const entries = readStrictJson(bytes, MOST_MEMBERS)?.['keys'];
  if (!Array.isArray(entries) || entries.length > MOST_KEYS) throw new Error('not a key set');
  const keys = new Map<string, PublicKey>();
  for (const entry of entries as unknown[]) {
    const key = isObject(entry) ? usableKey(entry, allowed) : undefined;
    if (key === undefined) continue;
    // SECURITY: which of the two would verify would depend on their order.
    if (keys.has(key.kid)) throw new Error('two keys have the same id');
    keys.set(key.kid, key);
  }
  if (keys.size === 0) throw new Error('no key of the set can be used');
  return keys;
}

function usableKey(jwk: JsonObject, allowed: readonly SignatureAlgorithm[]): PublicKey | undefined {
  const { kid, use } = jwk;
  if (typeof kid !== 'string' || kid === '' || kid.length > KEY_ID_CHARACTERS) return undefined;
  if ((use !== undefined && use !== 'sig') || SECRET_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return undefined;
  const algorithm = theOneAlgorithm(jwk, allowed);
  const key = algorithm === undefined ? undefined : imported(jwk);
  return algorithm === undefined || key === undefined ? undefined : { kid, algorithm, key };
}

/**
 * SECURITY: one key, one algorithm, settled here and never by a token. A JWK that names none is good for the only algorithm that both
 * its type and the verifier allow; where there are two, it is not used.
 */
function theOneAlgorithm(jwk: JsonObject, allowed: readonly SignatureAlgorithm[]): SignatureAlgorithm | undefined {
  const named = jwk['alg'];
  const [only, ...others] = possibleAlgorithms(jwk).filter(
    (algorithm) => allowed.includes(algorithm) && (named === undefined || named === algorithm),
  );
  return others.length === 0 ? only : undefined;
}

function possibleAlgorithms({ kty, crv }: JsonObject): readonly SignatureAlgorithm[] {
  if (kty === 'EC' && crv === 'P-256') return ['ES256'];
  if (kty === 'OKP' && crv === 'Ed25519') return ['Ed25519'];
  return kty === 'RSA' ? ['PS256', 'RS256'] : [];
}

/** Hands over the public members alone; a point off its curve does not import. */
function imported({ kty, crv, x, y, n, e }: JsonObject): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: { kty, crv, x, y, n, e } as JsonWebKey, format: 'jwk' });
    return kty === 'RSA' && !isSoundRsa(key) ? undefined : key;
  } catch {
    return undefined;
  }
}

function isSoundRsa({ asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  const sized = modulusLength >= LEAST_RSA_BITS && modulusLength <= MOST_RSA_BITS;
  return sized && publicExponent >= LEAST_EXPONENT && publicExponent % 2n === 1n;
}
