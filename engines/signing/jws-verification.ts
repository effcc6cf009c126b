import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { SigningAlgorithm, VerificationKey } from '#accessors/key/contract.js';

type Verifies = (publicKey: KeyObject, input: Buffer, signature: Buffer) => boolean;

const HALF_BYTES = 32;
const ES256_BYTES = 2 * HALF_BYTES;
const INTEGER = 0x02;
const SEQUENCE = 0x30;

const RSA_IDENTIFIER = Buffer.from('300d06092a864886f70d0101010500', 'hex');
/** RFC 4055 §3.1: SHA-256, MGF1 with it, a salt of 32 bytes. */
const PSS_IDENTIFIER = Buffer.from(
  '304106092a864886f70d01010a3034a00f300d06096086480165030402010500' +
    'a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
  'hex',
);

/**
 * The algorithm is the one of the key; what a token says about it was compared before.
 *
 * Every key is handed over bare: on Node 24 the `{ key, … }` form exports it on every call, which costs half as much again as the
 * verification of ES256 and PS256 itself.
 */
const VERIFY: Readonly<Record<SigningAlgorithm, Verifies>> = {
  ES256: (publicKey, input, signature) =>
    signature.length === ES256_BYTES && verify('sha256', input, publicKey, derSignature(signature)),
  Ed25519: (publicKey, input, signature) => signature.length === 64 && verify(null, input, publicKey, signature),
  RS256: (publicKey, input, signature) => verify('sha256', input, publicKey, signature),
  PS256: (publicKey, input, signature) => verify('sha256', input, pssKey(publicKey), signature),
};

/** The same key under the identifier that carries its parameters. */
const pssKeys = new WeakMap<KeyObject, KeyObject>();

/**
 * SECURITY: as UTF-8, in which no other character has the bytes of one that was signed. Latin-1 keeps the low byte alone: of each token
 * there would be as many spellings as anybody likes.
 */
export function isSignedBy(key: VerificationKey, signingInput: string, signature: Buffer): boolean {
  try {
    return VERIFY[key.algorithm](key.publicKey, Buffer.from(signingInput, 'utf8'), signature);
  } catch {
    return false;
  }
}

function pssKey(publicKey: KeyObject): KeyObject {
  const known = pssKeys.get(publicKey);
  if (known !== undefined) return known;

  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const at = spki.indexOf(RSA_IDENTIFIER);
  // Keys of 2,048 to 4,096 bits have a length of two bytes.
  if (at !== 4) throw new Error('not an RSA key');
  const body = Buffer.concat([PSS_IDENTIFIER, spki.subarray(at + RSA_IDENTIFIER.length)]);
  const key = Buffer.concat([Buffer.of(SEQUENCE, 0x82, body.length >> 8, body.length & 0xff), body]);
  const made = createPublicKey({ key, format: 'der', type: 'spki' });
  pssKeys.set(publicKey, made);
  return made;
}

/** r and s of RFC 7518 §3.4 as `SEQUENCE { INTEGER r, INTEGER s }`, each as short as DER wants it. */
function derSignature(joined: Buffer): Buffer {
  const rFrom = firstDigit(joined, 0);
  const sFrom = firstDigit(joined, HALF_BYTES);
  const rLength = HALF_BYTES - rFrom + padding(joined, rFrom);
  const sLength = ES256_BYTES - sFrom + padding(joined, sFrom);
  const der = Buffer.alloc(6 + rLength + sLength);
  der[0] = SEQUENCE;
  der[1] = 4 + rLength + sLength;
  der[2] = INTEGER;
  der[3] = rLength;
  joined.copy(der, 4 + padding(joined, rFrom), rFrom, HALF_BYTES);
  der[4 + rLength] = INTEGER;
  der[5 + rLength] = sLength;
  joined.copy(der, 6 + rLength + padding(joined, sFrom), sFrom, ES256_BYTES);
  return der;
}

/** Without leading zeros; a zero that is all there is stays. */
function firstDigit(joined: Buffer, from: number): number {
  const last = from + HALF_BYTES - 1;
  let at = from;
  while (at < last && joined[at] === 0) at += 1;
  return at;
}

/** A zero in front keeps the integer positive. */
function padding(joined: Buffer, at: number): number {
  return (joined[at] ?? 0) > 0x7f ? 1 : 0;
}
