import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compactVerify } from 'jose';
import { jwsSignature, jwsVerifies, signsForItself } from './jws-signature.js';
import { generateKeyPairFor, publicMembers, thumbprintOf } from './key-pair.js';

const ALGORITHMS = ['ES256', 'RS256', 'PS256', 'Ed25519'] as const;
const MEMBERS = {
  ES256: ['crv', 'kty', 'x', 'y'],
  RS256: ['e', 'kty', 'n'],
  PS256: ['e', 'kty', 'n'],
  Ed25519: ['crv', 'kty', 'x'],
};

describe.each(ALGORITHMS)('signatures with %s', (algorithm) => {
  it('verify here and with jose, and with no other input or key', async () => {
    const { privateKey, publicKey } = await generateKeyPairFor(algorithm);
    const header = Buffer.from(JSON.stringify({ alg: algorithm })).toString('base64url');
    const input = `${header}.e30`;
    const signature = await jwsSignature(privateKey, algorithm, input);
    await expect(compactVerify(`${input}.${signature.toString('base64url')}`, publicKey)).resolves.toBeDefined();
    expect(jwsVerifies(publicKey, algorithm, { input, signature })).toBe(true);
    expect(jwsVerifies(publicKey, algorithm, { input: `${input}x`, signature })).toBe(false);
    const other = await generateKeyPairFor(algorithm);
    expect(jwsVerifies(other.publicKey, algorithm, { input, signature })).toBe(false);
    expect(await signsForItself(privateKey, publicKey, algorithm)).toBe(true);
    expect(await signsForItself(privateKey, other.publicKey, algorithm)).toBe(false);
  });

  it('come from keys that show their public members and no other', async () => {
    const { privateKey, publicKey } = await generateKeyPairFor(algorithm);
    const members = publicMembers(publicKey, algorithm);
    expect(Object.keys(members).sort()).toEqual(MEMBERS[algorithm]);
    expect(await thumbprintOf(members)).toMatch(/^[\w-]{43}$/);
    expect(() => publicMembers(privateKey, algorithm)).toThrow('not a public key');
    const again = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect(publicMembers(createPublicKey(again), algorithm)).toEqual(members);
  });
});

describe('ES256 signatures', () => {
  it('are 64 bytes, over many keys and inputs', async () => {
    const { privateKey, publicKey } = await generateKeyPairFor('ES256');
    for (let round = 0; round < 600; round += 1) {
      const input = `header.${String(round)}`;
      const signature = jwsSignature(privateKey, 'ES256', input);
      if (!Buffer.isBuffer(signature)) throw new Error('not at once');
      expect(signature.length).toBe(64);
      expect(jwsVerifies(publicKey, 'ES256', { input, signature })).toBe(true);
    }
  });
});

describe('a key for an algorithm', () => {
  it.each([
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, 'ES256'],
    ['another type', generateKeyPairSync('ed25519').publicKey, 'ES256'],
    ['a short modulus', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, 'RS256'],
    ['a small exponent', generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey, 'PS256'],
    ['a key that is bound to PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey, 'PS256'],
  ] as const)('is refused with %s', (_, publicKey, algorithm) => {
    expect(() => publicMembers(publicKey, algorithm)).toThrow(`not a public key for ${algorithm}`);
  });
});
