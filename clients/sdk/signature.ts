import { type KeyObject, verify } from 'node:crypto';
import type { PublicKey, SignatureAlgorithm } from './public-keys.js';

type Verifies = (key: KeyObject, input: Buffer, signature: Buffer) => boolean;

const HALF_BYTES = 32;
const INTEGER = 0x02;
const SEQUENCE = 0x30;

/** Keys are handed over bare: on Node 24 the `{ key, … }` form exports it on every call, which costs half as much again. */
const VERIFY: Readonly<Record<SignatureAlgorithm, Verifies>> = {
  ES256: (key, input, signature) => signature.length === 2 * HALF_BYTES && verify('sha256', input, key, derSignature(signature)),
  Ed25519: (key, input, signature) => verify(null, input, key, signature),
  RS256: (key, input, signature) => verify('sha256', input, key, signature),
  // The key itself says what padding and salt it is good for.
  PS256: (key, input, signature) => key.asymmetricKeyType === 'rsa-pss' && verify('sha256', input, key, signature),
};

/** Whether this key made the signature. The algorithm is the one of the key; nothing of the token is asked. */
export function isSignedBy({ algorithm, key }: PublicKey, signingInput: string, signature: Buffer): boolean {
  try {
    return VERIFY[algorithm](key, Buffer.from(signingInput, 'latin1'), signature);
  } catch {
    return false;
  }
}

/** r and s of RFC 7518 §3.4 as `SEQUENCE { INTEGER r, INTEGER s }`. */
function derSignature(joined: Buffer): Buffer {
  const r = integer(joined.subarray(0, HALF_BYTES));
  const s = integer(joined.subarray(HALF_BYTES));
  return Buffer.concat([Buffer.of(SEQUENCE, r.length + s.length), r, s]);
}

/** As short as DER wants it, with a zero in front where it would be negative. */
function integer(digits: Buffer): Buffer {
  let from = 0;
  while (from < digits.length - 1 && digits[from] === 0) from += 1;
  const shortest = digits.subarray(from);
  const sign = (shortest[0] ?? 0) > 0x7f ? [0] : [];
  return Buffer.concat([Buffer.of(INTEGER, sign.length + shortest.length, ...sign), shortest]);
}
