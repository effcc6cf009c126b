import { describe, expect, it } from '@jest/globals';
import type { ClientAuthentication, RegisteredClient } from '#accessors/registration/contract.js';
import { encoded, makeKey, signatureOf, signedToken, type TestKey } from '../../../test/vectors/token-factory.js';
import { AssertionJudge } from './assertion-judge.js';
import { clientKeys, readClientKey } from './client-keys.js';

const NOW = 1_790_000_000;
const ISSUER = 'https://auth.example.com';
const REFUSED = 'CLIENT_ASSERTION_INVALID';

const key = makeKey('ES256', 'k1');
const next = makeKey('RS256', 'k2');
const stranger = makeKey('ES256', 'k1');

type Json = Readonly<Record<string, unknown>>;

function clientWith(keys: readonly Json[], clientId = 'orders'): RegisteredClient {
  const authentication: ClientAuthentication = {
    methods: ['private_key_jwt'],
    keys,
    certificates: [],
    certificateName: null,
    federated: [],
  };
  return { clientId, authentication, ownPresenters: [], listedPresenters: [], apiAudiences: [], targets: [] };
}

const client = clientWith([{ ...key.publicJwk }, { ...next.publicJwk }]);

const claims = (changes: Json = {}): Json => ({
  iss: 'orders',
  sub: 'orders',
  aud: ISSUER,
  jti: 'id-1',
  iat: NOW,
  exp: NOW + 60,
  ...changes,
});

function assertion(changes: Json = {}, header: Json = {}, signer: TestKey = key): string {
  return signedToken({ alg: signer.algorithm, kid: signer.kid, typ: 'JWT', ...header }, claims(changes), signer);
}

function judged(text: string, { now = NOW, of = client }: { now?: number; of?: RegisteredClient } = {}): string {
  const verdict = new AssertionJudge(ISSUER).judge(of, text, now * 1000);
  return verdict.accepted ? 'accepted' : verdict.code;
}

describe('RFC 7523 §3: a client assertion', () => {
  it('is taken from a client that signed it with a key of its own, once, until it ends', () => {
    expect(new AssertionJudge(ISSUER).judge(client, assertion(), NOW * 1000)).toEqual({
      accepted: true,
      once: { id: 'id-1', until: NOW + 60 },
    });
    expect(judged(assertion({}, {}, next))).toBe('accepted');
  });

  it.each<[string, Json]>([
    ['typ left out', { typ: undefined }],
    ['the typ of its own', { typ: 'client-authentication+jwt' }],
    ['the same as a media type', { typ: 'application/Client-Authentication+JWT' }],
    ['kid left out', { kid: undefined }],
    ['a header that nobody knows', { xyz: 1 }],
  ])('is taken with %s', (_name, header) => {
    expect(judged(assertion({}, header))).toBe('accepted');
  });

  it.each<[string, Json]>([
    ['another issuer', { iss: 'portal' }],
    ['another subject', { sub: 'portal' }],
    ['no issuer', { iss: undefined }],
    ['an issuer in a list', { iss: ['orders'] }],
    ['another id in other letters', { iss: 'Orders', sub: 'Orders' }],
    ['no jti', { jti: undefined }],
    ['an empty jti', { jti: '' }],
    ['a jti that is no text', { jti: 7 }],
    ['a jti far too long', { jti: 'x'.repeat(257) }],
    ['a jti with a line break', { jti: 'a\nb' }],
    ['no exp', { exp: undefined }],
    ['an exp as text', { exp: String(NOW + 60) }],
    ['an exp in parts of a second', { exp: NOW + 59.5 }],
    ['no iat', { iat: undefined }],
    ['an iat as text', { iat: String(NOW) }],
    ['an nbf as text', { nbf: String(NOW) }],
    ['a life of 61 seconds', { exp: NOW + 61 }],
    ['an end now', { iat: NOW - 30, exp: NOW }],
    ['an end before', { iat: NOW - 30, exp: NOW - 1 }],
    ['an age of 61 seconds', { iat: NOW - 61, exp: NOW - 1 }],
    ['an iat 6 seconds ahead', { iat: NOW + 6, exp: NOW + 60 }],
    ['an nbf 6 seconds ahead', { nbf: NOW + 6 }],
    ['an end far beyond any number of seconds', { exp: 2 ** 40 }],
  ])('is refused with %s', (_name, changes) => {
    expect(judged(assertion(changes))).toBe(REFUSED);
  });

  it('forgives a clock that is 5 seconds ahead, and no end', () => {
    expect(judged(assertion({ iat: NOW + 5, nbf: NOW + 5, exp: NOW + 65 }))).toBe('accepted');
    expect(judged(assertion(), { now: NOW + 59.9 })).toBe('accepted');
    expect(judged(assertion(), { now: NOW + 60 })).toBe(REFUSED);
  });

  it.each<[string, Json]>([
    ['our access tokens', { typ: 'at+jwt' }],
    ['DPoP proofs', { typ: 'dpop+jwt' }],
    ['logout tokens', { typ: 'logout+jwt' }],
    ['cut-off documents', { typ: 'cutoffs+jwt' }],
    ['no type at all that is a text', { typ: 7 }],
    ['an empty type', { typ: '' }],
  ])('is refused with the typ of %s', (_name, header) => {
    expect(judged(assertion({}, header))).toBe(REFUSED);
  });

  it('is refused from a key that is not registered, also under the kid of one that is', () => {
    expect(judged(assertion({}, {}, stranger))).toBe(REFUSED);
    expect(judged(assertion({}, { kid: undefined }, stranger))).toBe(REFUSED);
    expect(judged(assertion({}, { kid: 'k3' }))).toBe(REFUSED);
    expect(judged(assertion({}, { kid: 7 }))).toBe(REFUSED);
    expect(judged(assertion({}, { kid: 'k2' }))).toBe(REFUSED);
  });

  it("is refused where it was made by another client with that client's own key", () => {
    const other = clientWith([{ ...stranger.publicJwk }], 'portal');
    expect(judged(assertion({}, {}, stranger), { of: other })).toBe(REFUSED);
    expect(judged(assertion({ iss: 'portal', sub: 'portal' }, {}, stranger), { of: other })).toBe('accepted');
  });

  it('says who it is from only where issuer and subject are one', () => {
    const judge = new AssertionJudge(ISSUER);
    expect(judge.claimedClient(assertion())).toBe('orders');
    for (const changes of [{ iss: 'portal' }, { iss: undefined, sub: undefined }, { iss: '', sub: '' }, { iss: 7, sub: 7 }])
      expect(judge.claimedClient(assertion(changes))).toBeUndefined();
    expect(judge.claimedClient('not.a.jwt')).toBeUndefined();
  });

  it('never tells more than its form in what is said of it', () => {
    const text = assertion({ jti: 'x'.repeat(5000) });
    const verdict = new AssertionJudge(ISSUER).judge(client, text, NOW * 1000);
    expect(JSON.stringify(verdict).length).toBeLessThan(600);
    expect(JSON.stringify(verdict)).not.toContain(text.slice(-40));
  });
});

describe('CVE-2025-27370/CVE-2025-27371: audience injection into client assertions', () => {
  it.each<[string, unknown]>([
    ['the token endpoint', `${ISSUER}/oauth2/token`],
    ['a list of our issuer alone', [ISSUER]],
    ['a list with another server', [ISSUER, 'https://evil.example']],
    ['another server', 'https://evil.example'],
    ['a slash more', `${ISSUER}/`],
    ['another case', ISSUER.toUpperCase()],
    ['the pushed authorization endpoint', `${ISSUER}/par`],
    ['nothing', undefined],
    ['an object', { [ISSUER]: 1 }],
    ['an empty list', []],
  ])('an audience of %s is refused', (_name, aud) => {
    expect(judged(assertion({ aud }))).toBe(REFUSED);
  });
});

describe('CVE-2026-11800: algorithm confusion on client assertions', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', '', 'HS256'])('alg %p is refused, whatever it is signed with', (alg) => {
    const input = `${encoded({ alg, kid: 'k1', typ: 'JWT' })}.${encoded(claims())}`;
    expect(judged(`${input}.`)).toBe(REFUSED);
    expect(judged(`${input}.${signatureOf(input, key).toString('base64url')}`)).toBe(REFUSED);
  });

  it('is the algorithm of the registered key and no other that its type can do', () => {
    const pss = { ...next, algorithm: 'PS256' } as const;
    expect(judged(assertion({}, { alg: 'PS256' }, pss))).toBe(REFUSED);
  });

  it.each([['jwk'], ['x5c'], ['jku'], ['x5u'], ['crit'], ['b64'], ['zip'], ['enc']])('header %s is refused', (name) => {
    expect(judged(assertion({}, { [name]: name === 'jwk' ? stranger.publicJwk : ['x'] }))).toBe(REFUSED);
  });
});

describe('CVE-2026-16093: an unsigned assertion', () => {
  it('is refused without a signature, with an empty one, and with one of zeros', () => {
    const [header = '', payload = ''] = assertion().split('.');
    for (const signature of ['', Buffer.alloc(64).toString('base64url')])
      expect(judged(`${header}.${payload}.${signature}`)).toBe(REFUSED);
    expect(judged(`${header}.${payload}`)).toBe(REFUSED);
  });
});

describe('A key that a client registers', () => {
  const { publicJwk } = key;
  const problem = (jwk: Json): string | null => {
    const reading = readClientKey(jwk);
    return reading.ok ? null : reading.problem;
  };

  it.each(['ES256', 'ES384', 'ES512', 'RS256', 'PS512', 'Ed25519', 'EdDSA'] as const)('may be for %s', (algorithm) => {
    expect(problem({ ...makeKey(algorithm).publicJwk })).toBeNull();
  });

  it('without kid is known by its thumbprint, and has the usual algorithm of its type', () => {
    const reading = readClientKey({ kty: 'EC', crv: publicJwk.crv, x: publicJwk.x, y: publicJwk.y });
    expect(reading).toMatchObject({ ok: true, key: { kid: expect.stringMatching(/^[\w-]{43}$/), algorithm: 'ES256' } });
  });

  it.each<[string, Json]>([
    ['a private key', key.privateKey.export({ format: 'jwk' })],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['an RSA key without alg', { ...next.publicJwk, alg: undefined }],
    ['an algorithm of another type', { ...publicJwk, alg: 'RS256' }],
    ['an algorithm of another curve', { ...publicJwk, alg: 'ES384' }],
    ['an encryption key', { ...publicJwk, use: 'enc' }],
    ['another curve', { ...publicJwk, crv: 'secp256k1' }],
    ['a point that is not on the curve', { ...publicJwk, y: publicJwk.x }],
    ['a member missing', { kty: 'EC', crv: 'P-256', x: publicJwk.x }],
    ['a member that is no text', { ...publicJwk, x: 7 }],
    ['an empty kid', { ...publicJwk, kid: '' }],
    ['a kid that is no text', { ...publicJwk, kid: 7 }],
    ['a short RSA key', { kty: 'RSA', alg: 'RS256', n: Buffer.alloc(128, 255).toString('base64url'), e: 'AQAB' }],
    ['nothing', {}],
  ])('is refused as %s', (_name, jwk) => {
    expect(problem(jwk)).toEqual(expect.any(String));
  });

  it('is prepared once for as long as the registration stays as it is', () => {
    expect(clientKeys(client.authentication)).toBe(clientKeys(client.authentication));
    expect(clientKeys(undefined)).toEqual([]);
  });
});
