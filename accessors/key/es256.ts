import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';

/** The public members of a P-256 key: all that is ever stored or shown of it in the clear. */
export interface Es256PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

const SCALAR_BYTES = 32;
const INTEGER_TAG = 0x02;
const CONTENT_AT = 2;

export function generateEs256(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** The members by name, so that no other can slip through. `publicKey` must be public: its export has no private member. */
export function es256PublicJwk(publicKey: KeyObject): Es256PublicJwk {
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  if (publicKey.type !== 'public' || kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) {
    throw new Error('not a public key on P-256');
  }
  return { kty, crv, x, y };
}

export function es256Thumbprint(jwk: Es256PublicJwk): Promise<string> {
  return calculateJwkThumbprint({ ...jwk }, 'sha256');
}

/**
 * The JWS signature of RFC 7518 §3.4, base64url.
 *
 * The key is passed bare and the DER form converted here: on Node 24 the `{ key, dsaEncoding }` form exports the key on
 * every call and doubles the cost.
 */
export function signEs256(privateKey: KeyObject, signingInput: string): string {
  return joseSignature(sign('sha256', Buffer.from(signingInput, 'latin1'), privateKey)).toString('base64url');
}

/** `SEQUENCE { INTEGER r, INTEGER s }` as r and s of 32 bytes each. P-256 needs one length byte at most everywhere. */
export function joseSignature(der: Buffer): Buffer {
  const signature = Buffer.alloc(2 * SCALAR_BYTES);
  const sAt = copyInteger(der, CONTENT_AT, signature.subarray(0, SCALAR_BYTES));
  const end = copyInteger(der, sAt, signature.subarray(SCALAR_BYTES));
  if (end !== der.length) throw new Error('not the DER form of an ES256 signature');
  return signature;
}

/** Tells whether a key signs what its public half verifies; asked once, before a key is trusted with a token. */
export function signsForItself(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const probe = 'countersign self-test';
  const signature = Buffer.from(signEs256(privateKey, probe), 'base64url');
  return verify('sha256', Buffer.from(probe, 'latin1'), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Copies the INTEGER at `at` to the end of `target`, and answers where the next one starts. */
function copyInteger(der: Buffer, at: number, target: Buffer): number {
  const length = der[at + 1] ?? 0;
  const next = at + 2 + length;
  // A leading zero byte only keeps the integer positive.
  const start = length > SCALAR_BYTES ? next - SCALAR_BYTES : at + 2;
  if (der[at] !== INTEGER_TAG || length > SCALAR_BYTES + 1 || next > der.length) {
    throw new Error('not the DER form of an ES256 signature');
  }
  der.copy(target, SCALAR_BYTES - (next - start), start, next);
  return next;
}
