import { describe, expect, it } from '@jest/globals';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from '#accessors/issuer/contract.js';
import { compactVerify } from 'jose';
import { encoded, makeKey, signatureOf, signedToken, verificationKey, type TestKey } from '../../test/vectors/token-factory.js';
import { verifyJws } from './jws-signature.js';
import { StrictJwsParser, type OpaqueJws } from './strict-jws.parser.js';

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const rsa = makeKey('RS256');
const keyOf = new Map<SignatureAlgorithm, TestKey>(
  ALGORITHMS.map((algorithm) => [algorithm, /^[RP]S/.test(algorithm) ? { ...rsa, algorithm } : makeKey(algorithm)]),
);
const key = (algorithm: SignatureAlgorithm): TestKey => keyOf.get(algorithm)!;
const parser = new StrictJwsParser();

function jwsOf(token: string): OpaqueJws {
  const parsed = parser.parseOpaque(token);
  if (!parsed.ok) throw new Error(parsed.fault.actual);
  return parsed.jws;
}

const tokenBy = (signer: TestKey, algorithm: string = signer.algorithm): string =>
  signedToken({ alg: algorithm, kid: 'k' }, 'payload', signer);
const withSignature = (token: string, signature: Buffer): OpaqueJws => ({ ...jwsOf(token), signature });

describe('The signature stage', () => {
  it.each(ALGORITHMS)('verifies %s as jose does, and refuses one changed bit', async (algorithm) => {
    const token = tokenBy(key(algorithm));
    const jws = jwsOf(token);
    expect(verifyJws(jws, verificationKey(key(algorithm)))).toBe(true);
    await compactVerify(token, key(algorithm).publicKey);
    const flipped = Buffer.from(jws.signature);
    flipped[10] = (flipped[10] ?? 0) ^ 1;
    expect(verifyJws({ ...jws, signature: flipped }, verificationKey(key(algorithm)))).toBe(false);
    expect(verifyJws({ ...jws, signingInput: `${jws.signingInput}A` }, verificationKey(key(algorithm)))).toBe(false);
  });

  it('verifies many elliptic signatures, whose numbers vary in length', () => {
    for (const algorithm of ['ES256', 'ES384', 'ES512'] as const) {
      for (let round = 0; round < 60; round += 1) {
        const input = `e30.${Buffer.from(round.toString()).toString('base64url')}`;
        const jws = { ...jwsOf(tokenBy(key(algorithm))), signingInput: input, signature: signatureOf(input, key(algorithm)) };
        expect(verifyJws(jws, verificationKey(key(algorithm)))).toBe(true);
      }
    }
  });

  it.each(ALGORITHMS)('takes a signature by %s at its exact length alone', (algorithm) => {
    const token = tokenBy(key(algorithm));
    const { signature } = jwsOf(token);
    for (const other of [
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.of(0)]),
      Buffer.concat([Buffer.of(0), signature]),
    ]) {
      expect(verifyJws(withSignature(token, other), verificationKey(key(algorithm)))).toBe(false);
    }
  });

  it('takes no DER signature for an elliptic curve', () => {
    const token = tokenBy(key('ES256'));
    const der = Buffer.from('3045022100c0ffee', 'hex');
    expect(verifyJws(withSignature(token, der), verificationKey(key('ES256')))).toBe(false);
  });

  it('is false, not an error, for a key that is no public key', () => {
    const jws = jwsOf(tokenBy(rsa));
    for (const wrong of [rsa.privateKey, createSecretKey(Buffer.alloc(32))]) {
      expect(verifyJws(jws, { ...verificationKey(rsa), key: wrong })).toBe(false);
    }
  });

  it('uses no curve of the right size but another name', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const token = tokenBy({ ...key('ES256'), privateKey });
    expect(verifyJws(jwsOf(token), { ...verificationKey(key('ES256')), key: publicKey })).toBe(false);
  });

  it('is false where the crypto library fails', () => {
    const broken = { type: 'public', asymmetricKeyType: 'rsa', asymmetricKeyDetails: { modulusLength: 2048 } };
    expect(verifyJws(jwsOf(tokenBy(rsa)), { ...verificationKey(rsa), key: broken as unknown as KeyObject })).toBe(false);
  });

  it('uses no RSA key of less than 2048 bits', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const token = tokenBy({ ...rsa, privateKey });
    expect(verifyJws(jwsOf(token), { ...verificationKey(rsa), key: publicKey })).toBe(false);
  });
});

describe('CVE-2022-23539: the type of the key must be that of the algorithm', () => {
  const kinds: readonly [string, KeyObject, readonly string[]][] = [
    ['rsa', rsa.publicKey, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['P-256', key('ES256').publicKey, ['ES256']],
    ['P-384', key('ES384').publicKey, ['ES384']],
    ['P-521', key('ES512').publicKey, ['ES512']],
    ['ed25519', key('Ed25519').publicKey, ['EdDSA', 'Ed25519']],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey, []],
    ['x25519', generateKeyPairSync('x25519').publicKey, []],
    ['rsa-pss', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey, []],
  ];

  it.each(kinds)('%s', (_kind, publicKey, good) => {
    for (const algorithm of ALGORITHMS) {
      const signer = key(algorithm);
      const rightKey = publicKey === signer.publicKey || publicKey.equals(signer.publicKey);
      const verdict = verifyJws(jwsOf(tokenBy(signer)), {
        kid: 'k',
        key: publicKey,
        algorithm,
        keyIssuer: null,
        cloudInstanceName: null,
      });
      expect({ algorithm, verdict }).toEqual({ algorithm, verdict: rightKey && good.includes(algorithm) });
    }
  });
});

describe('One verification after another', () => {
  it('sees its own text alone, whether the one before was longer, shorter or beyond what a token may be', () => {
    const signer = key('ES256');
    const texts = ['a', 'b'.repeat(9000), 'c', 'd'.repeat(20_000), 'e'];
    const all = texts.map((text) => {
      const signingInput = `${encoded({ alg: 'ES256' })}.${text}`;
      return { ...jwsOf(tokenBy(signer)), signingInput, signature: signatureOf(signingInput, signer) };
    });
    for (const jws of all) expect(verifyJws(jws, verificationKey(signer))).toBe(true);
    for (const [index, jws] of all.entries()) {
      const other = all[(index + 1) % all.length];
      expect(verifyJws({ ...jws, signingInput: other?.signingInput ?? '' }, verificationKey(signer))).toBe(false);
      expect(verifyJws({ ...jws, signingInput: `${jws.signingInput}x` }, verificationKey(signer))).toBe(false);
    }
  });
});

describe('One key, one algorithm', () => {
  it('refuses a good signature under an algorithm that is not the one of the key', () => {
    for (const header of ALGORITHMS) {
      for (const imported of ALGORITHMS) {
        const signer = key(header);
        const verdict = verifyJws(jwsOf(tokenBy(signer)), {
          kid: 'k',
          key: signer.publicKey,
          algorithm: imported,
          keyIssuer: null,
          cloudInstanceName: null,
        });
        expect({ header, imported, verdict }).toEqual({ header, imported, verdict: header === imported });
      }
    }
  });

  it.each(['none', 'None', 'NONE', 'nOnE', '', 'HS256', 'HS384', 'HS512', 'rs256', 'RS1', 'ES256K', 'toString', '__proto__'])(
    'knows no algorithm %p, also if a key were imported for it',
    (algorithm) => {
      const jws = jwsOf(tokenBy(rsa, algorithm));
      const imported = { ...verificationKey(rsa), algorithm: algorithm as SignatureAlgorithm };
      expect(verifyJws(jws, imported)).toBe(false);
    },
  );
});

describe('CVE-2022-21449: psychic signatures', () => {
  const N: Readonly<Record<string, string>> = {
    ES256: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
    ES384: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
    ES512:
      '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  };

  it.each(Object.entries(N))('are refused for %s: zero, n, and numbers beyond n', (name, order) => {
    const algorithm = name as SignatureAlgorithm;
    const n = Buffer.from(order, 'hex');
    const zero = Buffer.alloc(n.length);
    const token = tokenBy(key(algorithm));
    const { signature } = jwsOf(token);
    const [r, s] = [signature.subarray(0, n.length), signature.subarray(n.length)];
    const all = Buffer.alloc(n.length, 0xff);
    for (const pair of [
      [zero, zero],
      [zero, s],
      [r, zero],
      [n, n],
      [n, s],
      [r, n],
      [all, all],
      [r, all],
    ] as const) {
      expect(verifyJws(withSignature(token, Buffer.concat(pair)), verificationKey(key(algorithm)))).toBe(false);
    }
  });
});
