import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, SignJWT, type JWK } from 'jose';
import type { DpopVerdict } from '../caller-proofs.contract.js';
import { DpopJudge } from './dpop-judge.js';
import { comparableUri } from './dpop-uri.js';

const NOW = 1_790_000_000;
const URI = 'https://auth.example.com/oauth2/token';
const TOKEN = 'eyJ.an.accesstoken';

interface Made {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly algorithm?: string;
  readonly pair?: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
}

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });

/** jose writes the proofs: a second opinion on their form. */
async function proof({ header = {}, claims = {}, algorithm = 'ES256', pair = ec }: Made = {}): Promise<string> {
  const jwk = await exportJWK(pair.publicKey);
  const payload = { jti: 'id-1', htm: 'POST', htu: URI, iat: NOW, ...claims };
  return new SignJWT(payload).setProtectedHeader({ typ: 'dpop+jwt', alg: algorithm, jwk, ...header }).sign(pair.privateKey);
}

/** As `proof`, without anybody's checks. */
function raw(header: object, claims: object): string {
  const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${segment(header)}.${segment(claims)}.${Buffer.alloc(64, 1).toString('base64url')}`;
}

const judge = (
  text: string,
  given: { method?: string; uri?: string; accessToken?: string | null; now?: number } = {},
): DpopVerdict => {
  const { method = 'POST', uri = URI, accessToken = null, now = NOW } = given;
  return new DpopJudge().judge({ proof: text, method, uri, accessToken }, now * 1000);
};
const REFUSED = { accepted: false, code: 'DPOP_PROOF_INVALID' };

describe('RFC 9449 §4.3: a DPoP proof', () => {
  let jwk: JWK;
  beforeAll(async () => {
    jwk = await exportJWK(ec.publicKey);
  });

  it.each([
    ['ES256', ec],
    ['EdDSA', ed],
    ['Ed25519', ed],
    ['PS256', rsa],
    ['RS256', rsa],
  ])('is accepted with %s, and names the thumbprint of its key', async (algorithm, pair) => {
    const verdict = judge(await proof({ algorithm, pair }));
    expect(verdict).toEqual({
      accepted: true,
      confirmation: { jkt: await calculateJwkThumbprint(await exportJWK(pair.publicKey)) },
      once: { id: 'id-1', until: NOW + 120 },
      nonce: null,
    });
  });

  it.each(['', 'x', 'a.b.c', 'a.b.c.d.e', '..', 'null'])('§4.3 no. 2: is a JWT, and not %p', (text) => {
    expect(judge(text)).toMatchObject(REFUSED);
  });

  it.each(['jti', 'htm', 'htu', 'iat'])('§4.3 no. 3: has %s', async (claim) => {
    expect(judge(await proof({ claims: { [claim]: undefined } }))).toMatchObject(REFUSED);
    for (const value of [null, 1.5, '', [], {}, true])
      expect(judge(await proof({ claims: { [claim]: value } }))).toMatchObject(REFUSED);
  });

  it.each(['JWT', 'at+jwt', 'oauth-authz-req+jwt', undefined, 'dpop'])(
    '§4.3 no. 4: has the type dpop+jwt, not %s',
    async (typ) => {
      expect(judge(await proof({ header: { typ } }))).toMatchObject(REFUSED);
    },
  );

  it('§4.3 no. 5: is signed with an algorithm of the list, none and HMAC least of all', async () => {
    const claims = { jti: 'id-1', htm: 'POST', htu: URI, iat: NOW };
    for (const alg of ['none', 'HS256', 'ES384', 'RS512', 'ES256K', '', null])
      expect(judge(raw({ typ: 'dpop+jwt', alg, jwk }, claims))).toMatchObject({ ...REFUSED, actual: 'another algorithm' });
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    expect(judge(await proof({ algorithm: 'ES384', pair: p384 }))).toMatchObject(REFUSED);
  });

  it('§4.3 no. 6: is signed by the key in its header', async () => {
    expect(judge(await proof({ header: { jwk: await exportJWK(other.publicKey) } }))).toMatchObject(REFUSED);
    const [header = '', , signature = ''] = (await proof()).split('.');
    const claims = Buffer.from(JSON.stringify({ jti: 'id-2', htm: 'POST', htu: URI, iat: NOW })).toString('base64url');
    expect(judge(`${header}.${claims}.${signature}`)).toMatchObject(REFUSED);
  });

  it('§4.3 no. 7: has no private member in its key, and a key of one spelling that fits', async () => {
    const secret = await exportJWK(ec.privateKey);
    for (const bad of [
      secret,
      { ...jwk, d: '' },
      { ...jwk, k: 'AA' },
      { ...jwk, oth: [] },
      { ...jwk, crv: 'P-384' },
      { ...jwk, x: `${String(jwk.x)}=` },
      { ...jwk, x: `AA${String(jwk.x)}` },
      { ...jwk, x: jwk.y },
      { ...jwk, use: 'enc' },
      { ...jwk, alg: 'ES384' },
      { ...jwk, key_ops: ['sign'] },
      { kty: 'oct', k: 'AAAA' },
      [jwk],
      null,
      undefined,
      'https://example.com/jwk',
    ])
      expect(judge(await proof({ header: { jwk: bad } }))).toMatchObject(REFUSED);
    const large = await exportJWK(rsa.publicKey);
    const huge = { ...large, n: Buffer.alloc(520, 0xff).toString('base64url') };
    for (const [bad, bits] of [
      [await exportJWK(weak.publicKey), 1024],
      [huge, 4160],
    ] as const)
      expect(judge(await proof({ header: { jwk: bad }, algorithm: 'RS256', pair: rsa }))).toMatchObject({
        ...REFUSED,
        actual: `the modulus has ${String(bits)} bits`,
      });
    for (const bad of [await exportJWK(weak.publicKey), { ...large, e: 'Aw' }, { ...large, n: `AA${String(large.n)}` }])
      expect(judge(await proof({ header: { jwk: bad }, algorithm: 'RS256', pair: rsa }))).toMatchObject(REFUSED);
    expect(judge(await proof({ algorithm: 'RS256', pair: weak }).catch(() => 'jose refuses it too'))).toMatchObject(REFUSED);
  });

  it.each(['crit', 'b64', 'jku', 'x5u', 'x5c', 'zip', 'enc'])('has no %s in its header', (name) => {
    const claims = { jti: 'id-1', htm: 'POST', htu: URI, iat: NOW };
    expect(judge(raw({ typ: 'dpop+jwt', alg: 'ES256', jwk, [name]: 'x' }, claims))).toMatchObject({
      ...REFUSED,
      actual: `header member ${name}`,
    });
  });

  it('§4.3 no. 8: is for the method of the request, to the letter', async () => {
    for (const htm of ['GET', 'post', 'POST ', '']) expect(judge(await proof({ claims: { htm } }))).toMatchObject(REFUSED);
    expect(judge(await proof({ claims: { htm: 'GET' } }), { method: 'GET' })).toMatchObject({ accepted: true });
  });

  it('§4.3 no. 9: is for the URI of the request, without query and fragment, in any spelling of RFC 3986', async () => {
    for (const htu of [
      URI,
      'HTTPS://AUTH.example.com/oauth2/token',
      'https://auth.example.com:443/oauth2/token',
      'https://auth.example.com/a/../oauth2/./token',
      'https://auth.example.com/%6fauth2/toke%6E?a=b#c',
    ])
      expect(judge(await proof({ claims: { htu } }))).toMatchObject({ accepted: true });
    for (const htu of [
      'http://auth.example.com/oauth2/token',
      'https://auth.example.com:8443/oauth2/token',
      'https://auth.example.com.evil.example/oauth2/token',
      'https://evil.example/oauth2/token',
      'https://auth.example.com@evil.example/oauth2/token',
      'https://user@auth.example.com/oauth2/token',
      'https://auth.example.com/oauth2/token/',
      'https://auth.example.com/oauth2/Token',
      'https://auth.example.com/oauth2%2Ftoken',
      'https://auth.example.com\\oauth2\\token',
      'https:/auth.example.com/oauth2/token',
      ' https://auth.example.com/oauth2/token',
      'https://auth.example.com/oauth2/to\tken',
      'https://auth.example.com/oauth2/token%',
      'https://auth。example.com/oauth2/token',
      '/oauth2/token',
      'oauth2/token',
    ])
      expect(judge(await proof({ claims: { htu } }))).toMatchObject(REFUSED);
  });

  it('§4.3 no. 10: hands on the nonce that it has', async () => {
    expect(judge(await proof({ claims: { nonce: 'n-1' } }))).toMatchObject({ accepted: true, nonce: 'n-1' });
    for (const nonce of [1, null, [], {}]) expect(judge(await proof({ claims: { nonce } }))).toMatchObject(REFUSED);
  });

  it('§4.3 no. 11: is at most 120 s old and 60 s ahead', async () => {
    for (const iat of [NOW - 120, NOW + 60]) expect(judge(await proof({ claims: { iat } }))).toMatchObject({ accepted: true });
    for (const iat of [NOW - 121, NOW + 61, 0, -1, Number.MAX_SAFE_INTEGER, String(NOW)])
      expect(judge(await proof({ claims: { iat } }))).toMatchObject(REFUSED);
    expect(judge(await proof({ claims: { iat: NOW + 60 } }))).toMatchObject({ once: { until: NOW + 180 } });
  });

  it('§4.3 no. 12: is for the access token that it comes with, and for none where none is used', async () => {
    const ath = hash('sha256', TOKEN, 'base64url');
    expect(judge(await proof({ claims: { ath } }), { accessToken: TOKEN })).toMatchObject({ accepted: true });
    expect(judge(await proof(), { accessToken: TOKEN })).toMatchObject(REFUSED);
    expect(judge(await proof({ claims: { ath } }), { accessToken: `${TOKEN}x` })).toMatchObject(REFUSED);
    expect(judge(await proof({ claims: { ath: hash('sha256', TOKEN, 'hex') } }), { accessToken: TOKEN })).toMatchObject(REFUSED);
    expect(judge(await proof({ claims: { ath } }))).toMatchObject(REFUSED);
  });

  it('is of bounded length, and a repeated claim is no proof', async () => {
    expect(judge(await proof({ claims: { more: 'x'.repeat(8_000) } }))).toMatchObject(REFUSED);
    expect(judge(await proof({ claims: { jti: 'x'.repeat(257) } }))).toMatchObject(REFUSED);
    const twice = Buffer.from(`{"jti":"a","jti":"b","htm":"POST","htu":"${URI}","iat":${String(NOW)}}`).toString('base64url');
    const [header = '', , signature = ''] = (await proof()).split('.');
    expect(judge(`${header}.${twice}.${signature}`)).toMatchObject(REFUSED);
  });

  it('never has itself in the answer', async () => {
    const verdict = judge(await proof({ claims: { htu: 'https://evil.example/secret', htm: 'SECRET', jti: '' } }));
    expect(JSON.stringify(verdict)).not.toMatch(/secret/i);
  });

  it('reads the key of a client that comes back once', async () => {
    const one = new DpopJudge();
    const text = await proof();
    const verdicts = [1, 2].map(() => one.judge({ proof: text, method: 'POST', uri: URI, accessToken: null }, NOW * 1000));
    expect(verdicts[0]).toEqual(verdicts[1]);
    expect(verdicts[0]).toMatchObject({ accepted: true });
  });
});

describe('A URI for comparison', () => {
  it('keeps what distinguishes and drops what does not', () => {
    expect(comparableUri('https://a.example')).toBe('https://a.example/');
    expect(comparableUri('https://a.example/%7Euser/%2f')).toBe('https://a.example/~user/%2F');
    expect(comparableUri('http://[::1]:8080/x?y#z')).toBe('http://[::1]:8080/x');
    for (const bad of ['', 'ftp://a.example/', 'https://', 'https:///x', 'https://a.example/%zz', 'javascript:alert(1)'])
      expect(comparableUri(bad)).toBeUndefined();
  });
});
