import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CompactSign, compactVerify } from 'jose';
import { es256PublicJwk, es256Thumbprint, generateEs256, joseSignature, signEs256, signsForItself } from './es256.js';

describe('ES256 signatures', () => {
  it('convert the DER form to 32 bytes of r and 32 bytes of s, whatever the length of either', () => {
    const scalar = fc.uint8Array({ minLength: 1, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        expect(joseSignature(der(r, s)).toString('hex')).toBe(Buffer.concat([padded(r), padded(s)]).toString('hex'));
      }),
      { numRuns: 500 },
    );
  });

  it('keep r and s in place at the edges: zero, one byte, the top bit set', () => {
    const edges = [
      Buffer.of(0),
      Buffer.of(1),
      Buffer.of(0x80),
      Buffer.alloc(32, 0xff),
      Buffer.alloc(31, 0xff),
      Buffer.alloc(32, 0x7f),
    ];
    for (const r of edges) {
      for (const s of edges) expect(joseSignature(der(r, s))).toEqual(Buffer.concat([padded(r), padded(s)]));
    }
  });

  it('refuse what is not the DER form of two integers of at most 32 bytes', () => {
    const good = der(Buffer.alloc(32, 1), Buffer.alloc(32, 2));
    const tooLong = der(Buffer.alloc(34, 1), Buffer.alloc(32, 2));
    const wrong = [Buffer.alloc(0), Buffer.of(0x30, 0), good.subarray(0, 40), Buffer.concat([good, Buffer.of(0)]), tooLong];
    for (const bytes of wrong) expect(() => joseSignature(bytes)).toThrow('not the DER form');
  });

  it('verify with node in the IEEE P1363 form, over many keys and inputs', () => {
    const { privateKey, publicKey } = generateEs256();
    for (let round = 0; round < 600; round += 1) {
      const signature = Buffer.from(signEs256(privateKey, `header.${String(round)}`), 'base64url');
      expect(signature.length).toBe(64);
      const input = Buffer.from(`header.${String(round)}`);
      expect(verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    }
  });

  it('verify with jose, and differ from it in nothing but the randomness', async () => {
    const { privateKey, publicKey } = generateEs256();
    const header = Buffer.from('{"alg":"ES256"}').toString('base64url');
    const input = `${header}.${Buffer.from('{}').toString('base64url')}`;
    await expect(compactVerify(`${input}.${signEs256(privateKey, input)}`, publicKey)).resolves.toBeDefined();

    const theirs = await new CompactSign(Buffer.from('{}')).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    expect(theirs.split('.').slice(0, 2).join('.')).toBe(input);
  });
});

describe('ES256 keys', () => {
  it('show their public members and no other', async () => {
    const { privateKey, publicKey } = generateEs256();
    const jwk = es256PublicJwk(publicKey);
    expect(Object.keys(jwk).sort()).toEqual(['crv', 'kty', 'x', 'y']);
    expect(() => es256PublicJwk(privateKey)).toThrow('not a public key');
    expect(await es256Thumbprint(jwk)).toMatch(/^[\w-]{43}$/);
  });

  it('are refused on another curve', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    expect(() => es256PublicJwk(publicKey)).toThrow('not a public key on P-256');
  });

  it('fail the self-test when the halves do not belong together', () => {
    const one = generateEs256();
    const other = generateEs256();
    expect(signsForItself(one.privateKey, one.publicKey)).toBe(true);
    expect(signsForItself(one.privateKey, other.publicKey)).toBe(false);
    const again = createPrivateKey(one.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect(signsForItself(again, createPublicKey(again))).toBe(true);
  });
});

function padded(scalar: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(32 - scalar.length), scalar]);
}

/** An independent encoder of `SEQUENCE { INTEGER, INTEGER }` (X.690 §8.3): minimal, positive. */
function der(r: Buffer, s: Buffer): Buffer {
  const content = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

function integer(value: Buffer): Buffer {
  const first = value.findIndex((byte) => byte !== 0);
  const minimal = first < 0 ? Buffer.of(0) : value.subarray(first);
  const positive = (minimal[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), minimal]) : minimal;
  return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
}
