import { generateKeyPairSync, type JsonWebKey, randomBytes, sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SignatureAlgorithm } from './contract.js';
import { ecJwk } from './fixtures/raw-issuer.fixture.js';
import { importVerificationKeys, MAX_KEYS } from './jwk-import.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const rsaJwk: JsonWebKey = { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig' };
const goodEc: JsonWebKey = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' };
const edJwk: JsonWebKey = { ...ed.publicKey.export({ format: 'jwk' }), kid: 'ed' };

function importOne(jwk: object, allowed: readonly SignatureAlgorithm[] = ['RS256', 'ES256', 'Ed25519']): string {
  const { keys, refused } = importVerificationKeys({ keys: [jwk] }, allowed);
  return keys[0]?.algorithm ?? refused[0]?.reason ?? 'nothing';
}

describe('importVerificationKeys', () => {
  it('prepares keys that verify', () => {
    const { keys, refused } = importVerificationKeys({ keys: [rsaJwk, goodEc, edJwk] }, ['RS256', 'ES256', 'Ed25519']);
    expect(refused).toEqual([]);
    expect(keys.map(({ kid, algorithm, keyIssuer }) => [kid, algorithm, keyIssuer])).toEqual([
      ['rsa', 'RS256', null],
      ['ec', 'ES256', null],
      ['ed', 'Ed25519', null],
    ]);
    const data = Buffer.from('signed');
    expect(verify('sha256', data, keys[0]!.key, sign('sha256', data, rsa.privateKey))).toBe(true);
    expect(verify('sha256', data, keys[1]!.key, sign('sha256', data, ec.privateKey))).toBe(true);
    expect(verify(null, data, keys[2]!.key, sign(null, data, ed.privateKey))).toBe(true);
  });

  it('keeps the issuer that a key names', () => {
    const issuer = 'https://login.example/{tenantid}/v2.0';
    expect(importVerificationKeys({ keys: [{ ...rsaJwk, issuer }] }, ['RS256']).keys[0]?.keyIssuer).toBe(issuer);
    expect(importOne({ ...rsaJwk, issuer: 7 })).toBe('issuer-malformed');
    expect(importOne({ ...rsaJwk, issuer: null })).toBe('issuer-malformed');
  });

  it.each([null, undefined, 'keys', 7, [], {}, { keys: {} }, { keys: null }, [{ kty: 'RSA' }]])(
    'refuses %j as a key set',
    (jwks) => {
      expect(importVerificationKeys(jwks, ['RS256'])).toEqual({ keys: [], refused: [{ kid: null, reason: 'not-a-key-set' }] });
    },
  );

  it('refuses a set of more keys than any issuer has', () => {
    const many = Array.from({ length: MAX_KEYS + 1 }, (_, index) => ({ ...goodEc, kid: `k${String(index)}` }));
    expect(importVerificationKeys({ keys: many }, ['ES256'])).toEqual({
      keys: [],
      refused: [{ kid: null, reason: 'too-many-keys' }],
    });
    expect(importVerificationKeys({ keys: many.slice(1) }, ['ES256']).keys).toHaveLength(MAX_KEYS);
  });

  it('leaves bad entries out and keeps the good ones', () => {
    const bad = [
      null,
      7,
      'x',
      [],
      {},
      { kid: 'a' },
      { kid: 'b', kty: 'new' },
      { kid: 'c', kty: 'RSA', n: 7, e: 'AQAB' },
      { ...edJwk, crv: 'X25519' },
    ];
    const { keys, refused } = importVerificationKeys({ keys: [...bad, goodEc] }, ['RS256', 'ES256', 'Ed25519']);
    expect(keys.map(({ kid }) => kid)).toEqual(['ec']);
    expect(refused).toHaveLength(bad.length);
  });

  it('refuses every key of an id that is there twice, whatever the other one is', () => {
    const symmetric = { kty: 'oct', k: 'c2VjcmV0', kid: 'ec' };
    for (const twin of [symmetric, goodEc, ecJwk('ec')]) {
      const { keys, refused } = importVerificationKeys({ keys: [goodEc, twin, rsaJwk] }, ['ES256', 'RS256']);
      expect(keys.map(({ kid }) => kid)).toEqual(['rsa']);
      expect(refused.map(({ reason }) => reason)).toEqual(['kid-duplicate', 'kid-duplicate']);
    }
  });

  it.each([
    ['without a key id', { ...goodEc, kid: undefined }, 'kid-missing'],
    ['with an empty key id', { ...goodEc, kid: '' }, 'kid-missing'],
    ['with a number for a key id', { ...goodEc, kid: 7 }, 'kid-missing'],
    ['with an endless key id', { ...goodEc, kid: 'k'.repeat(257) }, 'kid-missing'],
    ['for encryption', { ...goodEc, use: 'enc' }, 'use-not-signature'],
    ['that may not verify', { ...goodEc, key_ops: ['sign'] }, 'operations-without-verify'],
    ['whose operations are no list', { ...goodEc, key_ops: 'verify' }, 'operations-without-verify'],
    ['of a type nobody knows', { ...goodEc, kty: 'AKP' }, 'key-type-unknown'],
    ['without a type', { ...goodEc, kty: undefined }, 'key-type-unknown'],
    ['of a curve nobody allows', { ...goodEc, crv: 'secp256k1' }, 'key-type-unknown'],
    ['of a curve named like an object member', { ...goodEc, crv: 'constructor' }, 'key-type-unknown'],
    ['with a short coordinate', { ...goodEc, x: 'AQAB' }, 'member-malformed'],
    ['with a coordinate in another alphabet', { ...goodEc, x: `${(goodEc.x ?? '').slice(0, -1)}=` }, 'member-malformed'],
    ['off its curve', { ...goodEc, y: goodEc.x }, 'not-on-curve'],
    ['with the algorithm of another curve', { ...goodEc, alg: 'ES384' }, 'algorithm-not-allowed'],
    ['with an algorithm that does not exist', { ...goodEc, alg: 'ES521' }, 'algorithm-not-allowed'],
    ['with an empty algorithm', { ...goodEc, alg: '' }, 'algorithm-not-allowed'],
    ['with the algorithm null', { ...goodEc, alg: null }, 'algorithm-not-allowed'],
    ['labelled as the other type', { ...goodEc, kty: 'RSA', alg: 'ES256' }, 'algorithm-not-allowed'],
  ])('refuses a key %s', (_what, jwk, reason) => {
    expect(importOne(jwk)).toBe(reason);
  });

  it('refuses a key that was published with its secret', () => {
    expect(importOne({ ...rsa.privateKey.export({ format: 'jwk' }), kid: 'rsa' })).toBe('private-members');
    expect(importOne({ ...ec.privateKey.export({ format: 'jwk' }), kid: 'ec' })).toBe('private-members');
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']) {
      expect(importOne({ ...goodEc, [member]: 'AQAB' })).toBe('private-members');
    }
  });
});

describe('RSA keys', () => {
  const exponent = (value: number[]): string => Buffer.from(value).toString('base64url');

  it.each([
    ['1', [1]],
    ['3', [3]],
    ['0', [0]],
    ['even', [1, 0, 2]],
    ['below 65537', [255, 255]],
    ['of nine bytes', [1, 0, 0, 0, 0, 0, 0, 0, 1]],
  ])('are refused with an exponent that is %s', (_what, bytes) => {
    expect(importOne({ ...rsaJwk, e: exponent(bytes) })).toBe('rsa-exponent');
  });

  it('are refused below 2048 bits, even if zeros are put before them', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
    const padded = Buffer.concat([Buffer.alloc(128), Buffer.from(short.n ?? '', 'base64url')]).toString('base64url');
    expect(importOne({ ...short, kid: 'short' })).toBe('rsa-too-short');
    expect(importOne({ ...short, n: padded, kid: 'short' })).toBe('rsa-too-short');
    const oneBitLess = Buffer.from(rsaJwk.n ?? '', 'base64url');
    oneBitLess[0] = 0x7f;
    expect(importOne({ ...rsaJwk, n: oneBitLess.toString('base64url') })).toBe('rsa-too-short');
  });

  it('are refused when only their size could hurt', () => {
    const huge = randomBytes(1025);
    huge[0] = 1;
    expect(importOne({ ...rsaJwk, n: huge.toString('base64url') })).toBe('rsa-too-long');
  });

  it('are refused with an even modulus', () => {
    const even = Buffer.from(rsaJwk.n ?? '', 'base64url');
    even[255] = (even[255] ?? 0) & 0xfe;
    expect(importOne({ ...rsaJwk, n: even.toString('base64url') })).toBe('rsa-modulus');
  });

  describe('CVE-2017-15361 (ROCA)', () => {
    const primes = [
      2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
      127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    const primorial = primes.reduce((product, prime) => product * BigInt(prime), 1n);
    const structured = (exponentOfGenerator: number): bigint => {
      let residue = 1n;
      for (let step = 0; step < exponentOfGenerator; step += 1) residue = (residue * 65537n) % primorial;
      const factor = (1n << 2047n) / primorial + 12345n;
      return factor * primorial + residue;
    };
    const asN = (modulus: bigint): string => Buffer.from(modulus.toString(16), 'hex').toString('base64url');

    it.each([0, 1, 77, 1000])('refuses a modulus that is a power of 65537 modulo the small primes (%i)', (power) => {
      expect(importOne({ ...rsaJwk, n: asN(structured(power)) })).toBe('rsa-roca');
    });

    it('takes a modulus that misses the structure by little', () => {
      expect(importOne({ ...rsaJwk, n: asN(structured(77) + 2n) })).toBe('RS256');
    });
  });
});

describe('CVE-2026-22817 (a JWK without alg)', () => {
  it('is good for the one algorithm that its type and its issuer allow', () => {
    expect(importOne(rsaJwk, ['RS256', 'ES256'])).toBe('RS256');
    expect(importOne(rsaJwk, ['PS384'])).toBe('PS384');
    expect(importOne(goodEc, ['ES256', 'ES384', 'ES512'])).toBe('ES256');
  });

  it('is refused where two are possible, or none', () => {
    expect(importOne(rsaJwk, ['RS256', 'PS256'])).toBe('algorithm-ambiguous');
    expect(importOne(edJwk, ['EdDSA', 'Ed25519'])).toBe('algorithm-ambiguous');
    expect(importOne(rsaJwk, ['ES256'])).toBe('algorithm-not-allowed');
  });

  it('keeps to the algorithm that the JWK names, if the issuer allows it', () => {
    expect(importOne({ ...rsaJwk, alg: 'PS256' }, ['RS256', 'PS256'])).toBe('PS256');
    expect(importOne({ ...rsaJwk, alg: 'RS512' }, ['RS256'])).toBe('algorithm-not-allowed');
    expect(importOne({ ...rsaJwk, alg: 'HS256' }, ['RS256'])).toBe('algorithm-not-allowed');
    expect(importOne({ ...rsaJwk, alg: 'none' }, ['RS256'])).toBe('algorithm-not-allowed');
  });
});

describe('CVE-2026-48526 (symmetric keys in a public set)', () => {
  it('refuses them', () => {
    expect(importOne({ kty: 'oct', k: randomBytes(32).toString('base64url'), kid: 's', alg: 'HS256' })).toBe(
      'key-type-symmetric',
    );
  });
});

describe('CVE-2026-42576 (a strange JWK takes the service down)', () => {
  it('survives any JSON and keeps the good key', () => {
    const member = fc.constantFrom('kty', 'kid', 'n', 'e', 'crv', 'x', 'y', 'alg', 'use', 'key_ops', 'issuer');
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('RSA', 'EC', 'OKP', 'oct', 'P-256', 'Ed25519', 'AQAB', '__proto__'));
    const entry = fc.oneof(fc.jsonValue(), fc.dictionary(member, value));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        const { keys, refused } = importVerificationKeys({ keys: [...entries, { ...goodEc, kid: 'the good one' }] }, [
          'RS256',
          'ES256',
        ]);
        expect(keys.map(({ kid }) => kid)).toContain('the good one');
        expect(keys.length + refused.length).toBe(entries.length + 1);
      }),
      { numRuns: 300 },
    );
  });
});
