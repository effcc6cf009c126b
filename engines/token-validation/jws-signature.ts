import { constants, verify, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm, VerificationKey } from '#accessors/issuer/contract.js';
import { p1363ToDer } from './p1363-to-der.js';
import type { OpaqueJws } from './strict-jws.parser.js';

type Scheme =
  | { readonly kind: 'rsa'; readonly digest: string }
  | { readonly kind: 'rsa-pss'; readonly digest: string; readonly saltLength: number }
  | { readonly kind: 'ecdsa'; readonly digest: string; readonly curve: string; readonly coordinateLength: number }
  | { readonly kind: 'ed25519' };

const ED25519: Scheme = { kind: 'ed25519' };
const ED25519_SIGNATURE_LENGTH = 64;
const MIN_RSA_BITS = 2048;

/** RFC 7518 §3.1, RFC 8037 and RFC 9864: everything that is ever verified here. No symmetric algorithm is among them. */
const SCHEMES: ReadonlyMap<string, Scheme> = new Map<SignatureAlgorithm, Scheme>([
  ['RS256', { kind: 'rsa', digest: 'sha256' }],
  ['RS384', { kind: 'rsa', digest: 'sha384' }],
  ['RS512', { kind: 'rsa', digest: 'sha512' }],
  ['PS256', { kind: 'rsa-pss', digest: 'sha256', saltLength: 32 }],
  ['PS384', { kind: 'rsa-pss', digest: 'sha384', saltLength: 48 }],
  ['PS512', { kind: 'rsa-pss', digest: 'sha512', saltLength: 64 }],
  ['ES256', { kind: 'ecdsa', digest: 'sha256', curve: 'prime256v1', coordinateLength: 32 }],
  ['ES384', { kind: 'ecdsa', digest: 'sha384', curve: 'secp384r1', coordinateLength: 48 }],
  ['ES512', { kind: 'ecdsa', digest: 'sha512', curve: 'secp521r1', coordinateLength: 66 }],
  ['EdDSA', ED25519],
  ['Ed25519', ED25519],
]);

/**
 * Tells whether `key` signed this JWS. The header must name the one algorithm that the key is good for, and type, curve and
 * size of the key must be those of the algorithm. Never throws.
 */
export function verifyJws(jws: OpaqueJws, key: VerificationKey): boolean {
  // SECURITY: one key, one algorithm. A public key never serves as the secret of an HMAC: no such scheme is in the table.
  if (jws.header.algorithm !== key.algorithm) return false;
  const scheme = SCHEMES.get(key.algorithm);
  if (scheme === undefined || !fits(scheme, key.key)) return false;
  try {
    return verifyBytes(scheme, key.key, Buffer.from(jws.signingInput, 'latin1'), jws.signature);
  } catch {
    return false;
  }
}

function fits(scheme: Scheme, key: KeyObject): boolean {
  if (key.type !== 'public') return false;
  switch (scheme.kind) {
    case 'rsa':
    case 'rsa-pss':
      return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
    case 'ecdsa':
      return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === scheme.curve;
    case 'ed25519':
      return key.asymmetricKeyType === 'ed25519';
  }
}

/** Keys are passed bare wherever that is possible: the object form costs Node 24 about 10 µs more for each call. */
function verifyBytes(scheme: Scheme, key: KeyObject, data: Buffer, signature: Buffer): boolean {
  switch (scheme.kind) {
    case 'rsa':
      return verify(scheme.digest, data, key, signature);
    case 'rsa-pss':
      return verify(scheme.digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength }, signature);
    case 'ecdsa':
      // OpenSSL refuses r and s outside 1 to n-1.
      if (signature.length !== 2 * scheme.coordinateLength) return false;
      return verify(scheme.digest, data, key, p1363ToDer(signature));
    case 'ed25519':
      return signature.length === ED25519_SIGNATURE_LENGTH && verify(null, data, key, signature);
  }
}
