import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { isSignedBy } from './jws-verification.js';

const INPUT = 'eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJ1XzEifQ';

it('A signature is good for no text but the one that was signed, whatever the low bytes of its characters are', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = { kid: 'k', algorithm: 'Ed25519', publicKey, signsFrom: 0, signsUntil: null } as const;
  const signature = sign(null, Buffer.from(INPUT), privateKey);
  expect(isSignedBy(key, INPUT, signature)).toBe(true);
  for (let at = 0; at < INPUT.length; at += 1) {
    for (const higher of [0x80, 0x100, 0x4200, 0xd800]) {
      const other = String.fromCharCode(INPUT.charCodeAt(at) + higher);
      expect(isSignedBy(key, INPUT.slice(0, at) + other + INPUT.slice(at + 1), signature)).toBe(false);
    }
  }
});
