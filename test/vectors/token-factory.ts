import { constants, createPublicKey, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm, VerificationKey } from '#accessors/issuer/contract.js';

/** A key pair that lives as long as the test. */
export interface TestKey {
  readonly kid: string;
  readonly algorithm: SignatureAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: JsonWebKey;
}

const ELLIPTIC_CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

export function makeKey(algorithm: SignatureAlgorithm, kid = `key-${algorithm}`): TestKey {
  const { privateKey } = generate(algorithm);
  const publicKey = createPublicKey(privateKey);
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicKey, publicJwk };
}

function generate(algorithm: SignatureAlgorithm): { privateKey: KeyObject } {
  const namedCurve = ELLIPTIC_CURVES[algorithm];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

export function verificationKey(key: TestKey, keyIssuer: string | null = null): VerificationKey {
  return { kid: key.kid, key: key.publicKey, algorithm: key.algorithm, keyIssuer, cloudInstanceName: null };
}

export function encoded(part: unknown): string {
  const bytes = Buffer.isBuffer(part) ? part : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
  return bytes.toString('base64url');
}

/** A compact JWS over these parts; a string is taken as the text of the part, anything else as its JSON. */
export function signedToken(header: unknown, payload: unknown, key: Pick<TestKey, 'algorithm' | 'privateKey'>): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${signatureOf(input, key).toString('base64url')}`;
}

export function signatureOf(input: string, { algorithm, privateKey }: Pick<TestKey, 'algorithm' | 'privateKey'>): Buffer {
  const data = Buffer.from(input);
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return sign(null, data, privateKey);
  const digest = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('ES')) return sign(digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('RS')) return sign(digest, data, privateKey);
  const saltLength = Number(algorithm.slice(2)) / 8;
  return sign(digest, data, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}
