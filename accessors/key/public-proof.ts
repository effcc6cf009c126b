import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

/** What the proof of a key covers. */
export interface ProvenKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly backend: string;
  readonly reference: string;
  readonly publicJwk: object;
}

/**
 * Proves that a public key in the table was put there by this installation, without its private half: a keyed digest over
 * everything that says which key it is. Members of the JWK are sorted, since the database keeps them in an order of its own.
 */
export function publicProof(secret: KeyObject, key: ProvenKey): Buffer {
  const jwk = Object.entries(key.publicJwk).sort(([one], [other]) => (one < other ? -1 : 1));
  const message = JSON.stringify(['signing-key', key.kid, key.algorithm, key.backend, key.reference, jwk]);
  return createHmac('sha256', secret).update(message, 'utf8').digest();
}

export function isProven(secret: KeyObject, key: ProvenKey, proof: Buffer): boolean {
  const expected = publicProof(secret, key);
  return proof.length === expected.length && timingSafeEqual(proof, expected);
}
