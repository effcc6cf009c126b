import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from './contract.js';
import type { JsonObject } from './json-object.js';
import { rsaFault, type RsaFault } from './rsa-modulus.js';

export type JwkFault =
  | RsaFault
  | 'key-type-unknown'
  | 'key-type-symmetric'
  | 'private-members'
  | 'use-not-signature'
  | 'operations-without-verify'
  | 'algorithm-not-allowed'
  | 'algorithm-ambiguous'
  | 'member-malformed'
  | 'not-on-curve'
  | 'issuer-malformed';

interface PublicKey {
  readonly key: KeyObject;
  readonly algorithm: SignatureAlgorithm;
}

/** RFC 7518 §6.2.2, §6.3.2, §6.4.1: members that only a secret has. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

const RSA_ALGORITHMS: readonly SignatureAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

/** RFC 7518 §6.2.1.2: a coordinate has the full length of the field. */
const CURVES: Readonly<Record<string, { readonly algorithms: readonly SignatureAlgorithm[]; readonly bytes: number }>> = {
  'P-256': { algorithms: ['ES256'], bytes: 32 },
  'P-384': { algorithms: ['ES384'], bytes: 48 },
  'P-521': { algorithms: ['ES512'], bytes: 66 },
};
const EDWARDS: Readonly<Record<string, { readonly algorithms: readonly SignatureAlgorithm[]; readonly bytes: number }>> = {
  Ed25519: { algorithms: ['EdDSA', 'Ed25519'], bytes: 32 },
};

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** The prepared public key of one JWK, or what is wrong with it. */
export function importPublicKey(jwk: JsonObject, allowed: readonly SignatureAlgorithm[]): PublicKey | JwkFault {
  const misuse = misuseFault(jwk);
  if (misuse !== null) return misuse;
  switch (jwk['kty']) {
    case 'RSA':
      return importRsa(jwk, allowed);
    case 'EC':
      return importEc(jwk, allowed);
    case 'OKP':
      return importOkp(jwk, allowed);
    default:
      return 'key-type-unknown';
  }
}

function misuseFault(jwk: JsonObject): JwkFault | null {
  // SECURITY: a symmetric key would let whoever reads the public set sign (CVE-2026-48526).
  if (jwk['kty'] === 'oct') return 'key-type-symmetric';
  if (SECRET_MEMBERS.some((member) => member in jwk)) return 'private-members';
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return 'use-not-signature';
  const operations = jwk['key_ops'];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return 'operations-without-verify';
  return null;
}

function importRsa(jwk: JsonObject, allowed: readonly SignatureAlgorithm[]): PublicKey | JwkFault {
  const algorithm = theOneAlgorithm(jwk['alg'], RSA_ALGORITHMS, allowed);
  if (isFault(algorithm)) return algorithm;
  const { n, e } = jwk;
  if (!isBase64Url(n) || !isBase64Url(e)) return 'member-malformed';
  const fault = rsaFault(Buffer.from(n, 'base64url'), Buffer.from(e, 'base64url'));
  return fault ?? prepare({ kty: 'RSA', n, e }, algorithm, 'member-malformed');
}

function importEc(jwk: JsonObject, allowed: readonly SignatureAlgorithm[]): PublicKey | JwkFault {
  const { crv, x, y } = jwk;
  const curve = typeof crv === 'string' && Object.hasOwn(CURVES, crv) ? CURVES[crv] : undefined;
  if (curve === undefined || typeof crv !== 'string') return 'key-type-unknown';
  const algorithm = theOneAlgorithm(jwk['alg'], curve.algorithms, allowed);
  if (isFault(algorithm)) return algorithm;
  if (!isBase64Url(x, curve.bytes) || !isBase64Url(y, curve.bytes)) return 'member-malformed';
  return prepare({ kty: 'EC', crv, x, y }, algorithm, 'not-on-curve');
}

function importOkp(jwk: JsonObject, allowed: readonly SignatureAlgorithm[]): PublicKey | JwkFault {
  const { crv, x } = jwk;
  const curve = typeof crv === 'string' && Object.hasOwn(EDWARDS, crv) ? EDWARDS[crv] : undefined;
  if (curve === undefined || typeof crv !== 'string') return 'key-type-unknown';
  const algorithm = theOneAlgorithm(jwk['alg'], curve.algorithms, allowed);
  if (isFault(algorithm)) return algorithm;
  if (!isBase64Url(x, curve.bytes)) return 'member-malformed';
  return prepare({ kty: 'OKP', crv, x }, algorithm, 'not-on-curve');
}

/**
 * SECURITY: one key, one algorithm, settled here and never by a token (CVE-2026-22817). A JWK that names none is good for the
 * only algorithm that both its type and its issuer allow; where there are two, it is not used.
 */
function theOneAlgorithm(
  named: unknown,
  possible: readonly SignatureAlgorithm[],
  allowed: readonly SignatureAlgorithm[],
): SignatureAlgorithm | 'algorithm-not-allowed' | 'algorithm-ambiguous' {
  const candidates = possible.filter((algorithm) => allowed.includes(algorithm) && (named === undefined || named === algorithm));
  const [only, ...others] = candidates;
  if (only === undefined) return 'algorithm-not-allowed';
  return others.length === 0 ? only : 'algorithm-ambiguous';
}

function isFault(algorithm: string): algorithm is 'algorithm-not-allowed' | 'algorithm-ambiguous' {
  return algorithm.startsWith('algorithm-');
}

/** Gives the crypto library the public members alone, whatever else the entry carries. */
function prepare(jwk: JsonWebKey, algorithm: SignatureAlgorithm, fault: JwkFault): PublicKey | JwkFault {
  try {
    return { key: createPublicKey({ key: jwk, format: 'jwk' }), algorithm };
  } catch {
    return fault;
  }
}

function isBase64Url(value: unknown, bytes?: number): value is string {
  if (typeof value !== 'string' || !BASE64URL.test(value)) return false;
  return bytes === undefined || Buffer.from(value, 'base64url').length === bytes;
}
