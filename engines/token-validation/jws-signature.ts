import { constants, verify, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm, VerificationKey } from '#accessors/issuer/contract.js';
import { p1363ToDer } from './p1363-to-der.js';
import { MAX_TOKEN_LENGTH, type OpaqueJws } from './strict-jws.parser.js';

/** How one algorithm judges a key and a signature. */
interface Scheme {
  fits(key: KeyObject): boolean;
  verifies(signed: Signed, key: KeyObject): boolean;
}

interface Signed {
  readonly data: Buffer;
  readonly signature: Buffer;
}

const ED25519_SIGNATURE_LENGTH = 64;
const MIN_RSA_BITS = 2048;

/** RFC 7518 §3.1, RFC 8037 and RFC 9864: everything that is ever verified here. No symmetric algorithm is among them. */
const SCHEMES: ReadonlyMap<string, Scheme> = new Map<SignatureAlgorithm, Scheme>([
  ['RS256', rsa('sha256')],
  ['RS384', rsa('sha384')],
  ['RS512', rsa('sha512')],
  ['PS256', rsaPss('sha256', 32)],
  ['PS384', rsaPss('sha384', 48)],
  ['PS512', rsaPss('sha512', 64)],
  ['ES256', ecdsa('sha256', 'prime256v1', 32)],
  ['ES384', ecdsa('sha384', 'secp384r1', 48)],
  ['ES512', ecdsa('sha512', 'secp521r1', 66)],
  ['EdDSA', ed25519()],
  ['Ed25519', ed25519()],
]);

/**
 * Tells whether `key` signed this JWS. The header must name the one algorithm that the key is good for, and type, curve and
 * size of the key must be those of the algorithm. Never throws.
 */
export function verifyJws(jws: OpaqueJws, { key, algorithm }: VerificationKey): boolean {
  // SECURITY: one key, one algorithm. A public key never serves as the secret of an HMAC: no such scheme is in the table.
  if (jws.header.algorithm !== algorithm) return false;
  const scheme = SCHEMES.get(algorithm);
  if (scheme === undefined || !fitsOnce(scheme, key)) return false;
  try {
    return scheme.verifies({ data: bytesOf(jws.signingInput), signature: jws.signature }, key);
  } catch {
    return false;
  }
}

/** Filled anew for each signature; verifying is synchronous, so no two ever share it. */
const scratch = Buffer.allocUnsafeSlow(MAX_TOKEN_LENGTH);

/** SECURITY: a text that does not fit would be cut, and a signature over its beginning would count for all of it. */
function bytesOf(signingInput: string): Buffer {
  if (signingInput.length > scratch.length) return Buffer.from(signingInput, 'latin1');
  return scratch.subarray(0, scratch.write(signingInput, 'latin1'));
}

/** A key never changes, and asking OpenSSL for its details costs as much as reading the token. */
const fitting = new WeakMap<KeyObject, Scheme>();

function fitsOnce(scheme: Scheme, key: KeyObject): boolean {
  if (fitting.get(key) === scheme) return true;
  if (key.type !== 'public' || !scheme.fits(key)) return false;
  fitting.set(key, scheme);
  return true;
}

// Keys are passed bare wherever that is possible: the object form costs Node 24 about 10 µs more for each call.

function rsa(digest: string): Scheme {
  return {
    fits: isRsa,
    verifies: ({ data, signature }, key) => verify(digest, data, key, signature),
  };
}

function rsaPss(digest: string, saltLength: number): Scheme {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return {
    fits: isRsa,
    verifies: ({ data, signature }, key) => verify(digest, data, { key, padding, saltLength }, signature),
  };
}

function ecdsa(digest: string, curve: string, coordinateLength: number): Scheme {
  return {
    fits: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
    // OpenSSL refuses r and s outside 1 to n-1.
    verifies: ({ data, signature }, key) =>
      signature.length === 2 * coordinateLength && verify(digest, data, key, p1363ToDer(signature)),
  };
}

function ed25519(): Scheme {
  return {
    fits: (key) => key.asymmetricKeyType === 'ed25519',
    verifies: ({ data, signature }, key) => signature.length === ED25519_SIGNATURE_LENGTH && verify(null, data, key, signature),
  };
}

function isRsa(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
}
