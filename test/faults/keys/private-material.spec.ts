import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { occurrences, rawForms, writtenForms } from './private-material.js';

const keys: readonly (readonly [string, KeyObject])[] = [
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
];

describe.each(keys)('the search for a private %s key', (_name, privateKey) => {
  const written = (text: string): readonly string[] =>
    writtenForms(privateKey)
      .filter(({ bytes }) => occurrences(Buffer.from(text), bytes) > 0)
      .map(({ name }) => name);

  it.each([
    ['a JWK', () => JSON.stringify(privateKey.export({ format: 'jwk' }))],
    ['a PEM', () => privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['PKCS#8 in base64', () => privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')],
    ['PKCS#8 in base64url after something else', () => inside(1, 'base64url')],
    ['PKCS#8 in base64 after something else', () => inside(2, 'base64')],
    ['the bytea text of PostgreSQL', () => `\\\\x${privateKey.export({ format: 'der', type: 'pkcs8' }).toString('hex')}`],
    ['upper-case hex', () => inside(0, 'hex').toUpperCase()],
  ])('finds %s', (_form, text) => {
    expect(written(text())).not.toEqual([]);
  });

  it('finds the numbers themselves', () => {
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    expect(rawForms(privateKey).some(({ bytes }) => occurrences(Buffer.concat([der, der]), bytes) === 2)).toBe(true);
  });

  it('does not take the public half for a private one', () => {
    const other = Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' }), publicMembers));
    expect(written(other.toString())).toEqual([]);
    for (const { bytes } of rawForms(privateKey)) expect(occurrences(other, bytes)).toBe(0);
  });

  function inside(offset: number, form: 'base64' | 'base64url' | 'hex'): string {
    return Buffer.concat([Buffer.alloc(offset, 7), privateKey.export({ format: 'der', type: 'pkcs8' })]).toString(form);
  }
});

function publicMembers(name: string, value: unknown): unknown {
  return ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name) ? undefined : value;
}
