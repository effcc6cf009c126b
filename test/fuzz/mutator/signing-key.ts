import { constants, createPublicKey, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { WorldAlgorithm, WorldKey } from '../oracle/world.js';

/** A key pair that lives as long as the run. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: WorldAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicJwk: JsonWebKey;
}

export function makeSigningKey(algorithm: WorldAlgorithm, kid: string): SigningKey {
  const { privateKey } = generated(algorithm);
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return { kid, algorithm, privateKey, publicJwk: { ...publicJwk, kid, alg: algorithm, use: 'sig' } };
}

function generated(algorithm: WorldAlgorithm): { readonly privateKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (algorithm === 'ES384') return generateKeyPairSync('ec', { namedCurve: 'P-384' });
  if (algorithm === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

export function published(key: SigningKey, names: Partial<Pick<WorldKey, 'keyIssuer' | 'cloudInstanceName'>> = {}): WorldKey {
  const { kid, algorithm, publicJwk } = key;
  return { kid, algorithm, publicJwk, keyIssuer: null, cloudInstanceName: null, ...names };
}

export function signedBy({ algorithm, privateKey }: Pick<SigningKey, 'algorithm' | 'privateKey'>, input: string): Buffer {
  const data = Buffer.from(input, 'latin1');
  if (algorithm === 'Ed25519') return sign(null, data, privateKey);
  const digest = `sha${algorithm.slice(2)}`;
  if (algorithm === 'RS256') return sign(digest, data, privateKey);
  if (algorithm === 'PS256') {
    return sign(digest, data, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  }
  return sign(digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
}
