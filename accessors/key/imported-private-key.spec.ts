import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { SigningAlgorithm } from './contract.js';
import { importedPrivateKey } from './imported-private-key.js';

type Jwk = Record<string, unknown>;

const PAIRS: Readonly<Record<SigningAlgorithm, KeyObject>> = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  Ed25519: generateKeyPairSync('ed25519').privateKey,
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  PS256: generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey,
};
const ALGORITHMS = Object.keys(PAIRS) as SigningAlgorithm[];
const pemOf = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8'): string => String(key.export({ format: 'pem', type }));
const jwkOf = (key: KeyObject, changes: Jwk = {}): string => JSON.stringify({ ...key.export({ format: 'jwk' }), ...changes });
const imported = (content: string, algorithm: SigningAlgorithm): Promise<KeyObject> =>
  importedPrivateKey(Buffer.from(content), algorithm);
const other = (algorithm: 'ES256' | 'RS256'): Jwk =>
  (algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
  ).privateKey.export({ format: 'jwk' });

describe('A private key that was made elsewhere', () => {
  it.each(ALGORITHMS)('is taken as PEM and as JWK: %s', async (algorithm) => {
    const key = PAIRS[algorithm];
    for (const content of [pemOf(key), `\n ${jwkOf(key)}\n`, jwkOf(key, { use: 'sig', key_ops: ['sign'], alg: algorithm })]) {
      expect(createPublicKey(await imported(content, algorithm)).equals(createPublicKey(key))).toBe(true);
    }
  });

  it('is taken in the older PEM forms', async () => {
    expect((await imported(pemOf(PAIRS.ES256, 'sec1'), 'ES256')).equals(PAIRS.ES256)).toBe(true);
    expect((await imported(pemOf(PAIRS.RS256, 'pkcs1'), 'RS256')).equals(PAIRS.RS256)).toBe(true);
  });

  const { privateKey: p384 } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const { privateKey: small } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const { privateKey: oddExponent } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  const { privateKey: pss } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  const { privateKey: x25519 } = generateKeyPairSync('x25519');
  const encrypted = PAIRS.ES256.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' });
  const rsa = PAIRS.RS256.export({ format: 'jwk' }) as Jwk;

  it.each<[string, SigningAlgorithm, string]>([
    ['of another algorithm', 'RS256', pemOf(PAIRS.ES256)],
    ['of another curve', 'ES256', pemOf(p384)],
    ['of RSA with 1024 bits', 'RS256', pemOf(small)],
    ['of RSA with another exponent', 'PS256', pemOf(oddExponent)],
    ['that names RSASSA-PSS as its type', 'PS256', pemOf(pss)],
    ['for key agreement', 'Ed25519', pemOf(x25519)],
    ['that is encrypted', 'ES256', String(encrypted)],
    ['that is public', 'ES256', String(createPublicKey(PAIRS.ES256).export({ format: 'pem', type: 'spki' }))],
    ['with a second one beside it', 'ES256', pemOf(PAIRS.ES256) + pemOf(PAIRS.ES256)],
    ['with text before it', 'ES256', `Bag Attributes\n${pemOf(PAIRS.ES256)}`],
    ['that is cut short', 'ES256', pemOf(PAIRS.ES256).slice(0, 120)],
    ['that is nothing', 'ES256', ''],
    ['that is longer than any', 'ES256', pemOf(PAIRS.ES256) + ' '.repeat(16_384)],
    ['as JWK without its private half', 'ES256', jwkOf(PAIRS.ES256, { d: undefined })],
    ['as JWK of a secret', 'ES256', '{"kty":"oct","k":"AAAA","d":"AAAA"}'],
    ['as a set of JWKs', 'ES256', `{"keys":[${jwkOf(PAIRS.ES256)}],"d":"x"}`],
    ['as JWK for another algorithm', 'RS256', jwkOf(PAIRS.RS256, { alg: 'PS256' })],
    ['as JWK for encryption', 'RS256', jwkOf(PAIRS.RS256, { use: 'enc' })],
    ['as JWK that may not sign', 'ES256', jwkOf(PAIRS.ES256, { key_ops: ['verify'] })],
    ['as JWK with another kid', 'ES256', jwkOf(PAIRS.ES256, { kid: 'mine' })],
    ['as JWK with the private half of another', 'ES256', jwkOf(PAIRS.ES256, { d: other('ES256')['d'] })],
    ['as JWK with a point that is not on the curve', 'ES256', jwkOf(PAIRS.ES256, { x: other('ES256')['x'] })],
    ['as JWK of RSA with the private half of another', 'RS256', jwkOf(PAIRS.RS256, { d: other('RS256')['d'] })],
    ['as JWK of RSA with one factor of another', 'RS256', jwkOf(PAIRS.RS256, { p: other('RS256')['p'] })],
    ['as JWK of RSA with another coefficient', 'RS256', jwkOf(PAIRS.RS256, { qi: rsa['dp'] })],
    ['as JWK of RSA with another exponent of a factor', 'RS256', jwkOf(PAIRS.RS256, { dq: rsa['dp'] })],
    ['as JWK of RSA with another modulus', 'RS256', jwkOf(PAIRS.RS256, { n: other('RS256')['n'] })],
  ])('is refused %s, and the refusal shows nothing of it', async (_what, algorithm, content) => {
    const refusal = await imported(content, algorithm).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'KEY_IMPORT_REFUSED', details: { actual: expect.any(String) } });
    const shown = JSON.stringify([refusal, (refusal as { details: object }).details, (refusal as Error).cause ?? null]);
    for (const secret of [PAIRS.ES256, PAIRS.RS256].map((key) => String(key.export({ format: 'jwk' }).d))) {
      expect(shown).not.toContain(secret.slice(0, 16));
    }
  });
});
