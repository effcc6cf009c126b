import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { FloorExchange, floorPermissions, joseSignature } from './floor.exchange.js';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const header = { alg: 'RS256', typ: 'JWT', kid: 'one' };
const issuer = 'https://floor.example';
const audience = 'https://api.example';

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function token(claims: object, key = keys.privateKey, protectedHeader: object = header): string {
  const input = `${encode(protectedHeader)}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

const floor = new FloorExchange({
  issuer,
  audience,
  subjectJwk: keys.publicKey.export({ format: 'jwk' }),
  subjectHeader: encode(header),
});

describe('the work of a floor', () => {
  it('gives a token that any library verifies', async () => {
    const issued = floor.exchange(token({ sub: 'alice "a"', exp: inSeconds(60) }));
    const { kty, crv, x, y, kid } = floor.publishedJwk;
    const published = createLocalJWKSet({ keys: [{ kty: kty ?? '', crv, x, y, kid }] } as Parameters<
      typeof createLocalJWKSet
    >[0]);
    const { payload } = await jwtVerify(issued ?? '', published, { issuer, audience, algorithms: ['ES256'], typ: 'at+jwt' });
    expect(payload).toMatchObject({ sub: 'alice "a"', permissions: floorPermissions });
  });

  it('refuses what a correct server refuses', () => {
    const good = { sub: 'alice', exp: inSeconds(60) };
    const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(floor.exchange(token({ ...good, exp: inSeconds(-1) }))).toBeUndefined();
    expect(floor.exchange(token({ sub: 'alice' }))).toBeUndefined();
    expect(floor.exchange(token(good, foreign.privateKey))).toBeUndefined();
    expect(floor.exchange(token(good, keys.privateKey, { ...header, alg: 'RS512' }))).toBeUndefined();
    expect(floor.exchange(`${token(good)}.x`)).toBeUndefined();
    expect(floor.exchange(token(good).replace(/.$/, '='))).toBeUndefined();
    expect(floor.exchange('')).toBeUndefined();
  });

  it('turns every DER signature into 64 bytes, short integers too', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const lengths = new Set<number>();
    for (let turn = 0; turn < 600; turn += 1) {
      const input = createHmac('sha256', 'seed').update(String(turn)).digest();
      const der = sign('sha256', input, pair.privateKey);
      lengths.add(der.length);
      expect(joseSignature(der)).toHaveLength(64);
      expect(derOf(joseSignature(der))).toEqual(der);
    }
    expect(lengths.size).toBeGreaterThan(2);
  });
});

/** The way back, written apart from the code under test. */
function derOf(signature: Buffer): Buffer {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].map((bytes) => {
    const digits = bytes.toString('hex').replace(/^(00)+/, '');
    const positive = Number.parseInt(digits.slice(0, 2), 16) >= 0x80 ? `00${digits}` : digits;
    return `02${(positive.length / 2).toString(16).padStart(2, '0')}${positive}`;
  });
  const body = integers.join('');
  return Buffer.from(`30${(body.length / 2).toString(16).padStart(2, '0')}${body}`, 'hex');
}
