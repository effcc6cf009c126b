import { constants, sign, verify, type KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './contract.js';
import { joseSignature } from './es256.js';

const PROBE = 'countersign self-test';

/**
 * The JWS signature of RFC 7518 §3 and RFC 8037 with a key in memory. Elliptic curves answer at once; RSA takes ten times as
 * long and runs on the thread pool, so that it does not hold up the event loop.
 *
 * ES256 and Ed25519 are handed the bare key and ES256 its DER form converted here: on Node 24 the `{ key, … }` form exports the
 * key on every call and doubles the cost.
 */
export function jwsSignature(privateKey: KeyObject, algorithm: SigningAlgorithm, input: string): Buffer | Promise<Buffer> {
  const bytes = Buffer.from(input, 'latin1');
  switch (algorithm) {
    case 'ES256':
      return joseSignature(sign('sha256', bytes, privateKey));
    case 'Ed25519':
      return sign(null, bytes, privateKey);
    case 'RS256':
      return onThreadPool(bytes, privateKey);
    case 'PS256':
      return onThreadPool(bytes, pss(privateKey));
  }
}

export function jwsVerifies(
  publicKey: KeyObject,
  algorithm: SigningAlgorithm,
  signed: { input: string; signature: Buffer },
): boolean {
  const bytes = Buffer.from(signed.input, 'latin1');
  switch (algorithm) {
    case 'ES256':
      return verify('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signed.signature);
    case 'Ed25519':
      return verify(null, bytes, publicKey, signed.signature);
    case 'RS256':
      return verify('sha256', bytes, publicKey, signed.signature);
    case 'PS256':
      return verify('sha256', bytes, pss(publicKey), signed.signature);
  }
}

/** Tells whether a key signs what its public half verifies; asked once, before a key is trusted with a token. */
export async function signsForItself(privateKey: KeyObject, publicKey: KeyObject, algorithm: SigningAlgorithm): Promise<boolean> {
  const signature = await jwsSignature(privateKey, algorithm, PROBE);
  return jwsVerifies(publicKey, algorithm, { input: PROBE, signature });
}

function pss(key: KeyObject): { key: KeyObject; padding: number; saltLength: number } {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
}

function onThreadPool(bytes: Buffer, key: KeyObject | ReturnType<typeof pss>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', bytes, key, (error, signature) => {
      if (error) reject(error);
      else resolve(signature);
    });
  });
}
