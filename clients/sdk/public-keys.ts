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
  const key = algorithm === undefined ? undefined : imported(jwk, algorithm);
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
function imported({ kty, crv, x, y, n, e }: JsonObject, algorithm: SignatureAlgorithm): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: { kty, crv, x, y, n, e } as JsonWebKey, format: 'jwk' });
    if (kty !== 'RSA') return key;
    if (!isSoundRsa(key)) return undefined;
    return algorithm === 'PS256' ? forPssAlone(key) : key;
  } catch {
    return undefined;
  }
}

/** `rsaEncryption`, and `id-RSASSA-PSS` with SHA-256, MGF1 with it and a salt of 32 bytes (RFC 4055 §1.2, §3.1). */
const RSA_IDENTIFIER = Buffer.from('300d06092a864886f70d0101010500', 'hex');
const PSS_IDENTIFIER = Buffer.from(
  '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
  'hex',
);
/** A SEQUENCE with a length of two bytes, as every key of 2,048 bits and more has around it. */
const FRAME_BYTES = 4;

/**
 * The same RSA key with what PS256 asks for written into it. It is good for nothing else, and can be handed to `verify` bare, which costs
 * a third less than with options.
 *
 * @throws Error when it is written in another way than Node writes it
 */
function forPssAlone(key: KeyObject): KeyObject {
  const spki = key.export({ format: 'der', type: 'spki' });
  const end = FRAME_BYTES + RSA_IDENTIFIER.length;
  if (!spki.subarray(FRAME_BYTES, end).equals(RSA_IDENTIFIER)) throw new Error('not the usual form of an RSA key');
  const body = Buffer.concat([PSS_IDENTIFIER, spki.subarray(end)]);
  const frame = Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]);
  return createPublicKey({ key: Buffer.concat([frame, body]), format: 'der', type: 'spki' });
}

function isSoundRsa({ asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  const sized = modulusLength >= LEAST_RSA_BITS && modulusLength <= MOST_RSA_BITS;
  return sized && publicExponent >= LEAST_EXPONENT && publicExponent % 2n === 1n;
}
