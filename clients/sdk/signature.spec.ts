import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readKeySet } from './public-keys.js';
import { isSignedBy } from './signature.js';

describe('A signature of PS256', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'PS256' };
  const key = readKeySet(Buffer.from(JSON.stringify({ keys: [jwk] })), ['PS256']).get('k')!;
  const pss = (saltLength: number, digest = 'sha256'): Buffer =>
    sign(digest, Buffer.from('input'), { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

  it('is good with a salt as long as its digest', () => {
    expect(isSignedBy(key, 'input', pss(32))).toBe(true);
    expect(isSignedBy(key, 'other', pss(32))).toBe(false);
  });

  it.each([0, 20, 31, 33, 64])('is refused with a salt of %i bytes', (saltLength) => {
    expect(isSignedBy(key, 'input', pss(saltLength))).toBe(false);
  });

  it('is refused with another padding, another digest, or the key in another form', () => {
    expect(isSignedBy(key, 'input', sign('sha256', Buffer.from('input'), privateKey))).toBe(false);
    expect(isSignedBy(key, 'input', pss(32, 'sha512'))).toBe(false);
    expect(isSignedBy({ ...key, key: publicKey }, 'input', pss(32))).toBe(false);
  });
});
