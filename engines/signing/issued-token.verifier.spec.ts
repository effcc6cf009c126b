import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ActiveKey, KeyAccess, SigningAlgorithm, VerificationKey } from '#accessors/key/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { IssuedTokenFault, MintRequest, SubjectReference } from './contract.js';
import { DefaultSigningEngine } from './default.signing.engine.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'rest' } as const;
const issuer = 'https://auth.example.com';
const AUDIENCE = 'https://api.acme.test';
const START = 1_790_000_000_000;

const PAIRS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  Ed25519: generateKeyPairSync('ed25519'),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const;
const ALGORITHMS = ['ES256', 'Ed25519', 'RS256', 'PS256'] as const;

/** One key of each algorithm, whose times a test chooses. */
class SomeKeys implements KeyAccess {
  times: Pick<VerificationKey, 'signsFrom' | 'signsUntil'> = { signsFrom: START - 1000, signsUntil: null };
  gone = new Set<string>();
  unsealed = 0;

  activeKey(_context: unknown, algorithm: SigningAlgorithm): ActiveKey {
    return { kid: `kid-${algorithm}`, algorithm };
  }

  signWith(_context: unknown, { algorithm }: ActiveKey, input: string): string | Promise<string> {
    const signature = rawSignature(algorithm, PAIRS[algorithm].privateKey, input);
    return algorithm === 'RS256' ? Promise.resolve(signature) : signature;
  }

  keyedDigest(): string {
    return 'digest';
  }

  seal(_context: unknown, purpose: string, { text, bound }: { readonly text: string; readonly bound: string }): string {
    return Buffer.from(JSON.stringify([purpose, bound, text])).toString('base64url');
  }

  unseal(
    _context: unknown,
    purpose: string,
    { sealed, bound }: { readonly sealed: string; readonly bound: string },
  ): string | undefined {
    this.unsealed += 1;
    const [wasFor, boundTo, text] = JSON.parse(Buffer.from(sealed, 'base64url').toString()) as [string, string, string];
    return wasFor === purpose && boundTo === bound ? text : undefined;
  }

  publishedKeys(): Promise<never[]> {
    return Promise.resolve([]);
  }

  verificationKey(_context: unknown, kid: string): VerificationKey | undefined {
    const algorithm = ALGORITHMS.find((one) => kid === `kid-${one}`);
    if (algorithm === undefined || this.gone.has(kid)) return undefined;
    return { kid, algorithm, publicKey: PAIRS[algorithm].publicKey, ...this.times };
  }

  prepare() {
    return Promise.resolve({ madeKeys: [], madeSecrets: [] });
  }
}

function keysOf(bound: string, text: string): string {
  return Buffer.from(JSON.stringify(['subject-reference', bound, text])).toString('base64url');
}

function rawSignature(algorithm: SigningAlgorithm, key: KeyObject, input: string): string {
  const bytes = Buffer.from(input);
  if (algorithm === 'Ed25519') return sign(null, bytes, key).toString('base64url');
  if (algorithm === 'PS256') return sign('sha256', bytes, { key, padding: 6, saltLength: 32 }).toString('base64url');
  return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

const REFERENCE: SubjectReference = {
  identity: { instance: 'i', externalId: 'e' },
  issuer: 'contoso',
  iss: 'https://contoso.test',
  roles: ['r1'],
  groups: null,
  conditionalBits: [3],
};

const request = (algorithm: SigningAlgorithm): MintRequest => ({
  kind: 'user',
  identity: { instance: 'i', externalId: 'e' },
  clientId: 'orders-api',
  actorClientId: 'gateway',
  algorithm,
  audience: AUDIENCE,
  tenant: 'acme',
  permissions: ['billing:invoice:read'],
  scope: 'billing:invoice:read',
  details: [],
  conditionalCount: 0,
  reference: REFERENCE,
  acr: 'c2',
  amr: ['mfa'],
  authTime: START / 1000 - 100,
  policyVersion: 'main@1',
  epoch: 7,
  lifetimeSeconds: 600,
  notAfter: Number.MAX_SAFE_INTEGER,
});

describe('A token of our own', () => {
  let clock: ManualClock;
  let keys: SomeKeys;
  let engine: DefaultSigningEngine;
  beforeEach(() => {
    clock = new ManualClock(START);
    keys = new SomeKeys();
    const ids = { random: () => 'token-1', ordered: () => 'row-1' };
    engine = new DefaultSigningEngine({ keyAccess: keys, clock, ids, issuer, defaultLifetimeSeconds: 600 });
  });

  const faultOf = (token: string, audience = AUDIENCE): IssuedTokenFault | 'genuine' => {
    const verdict = engine.verifyIssued(context, token, audience);
    return verdict.genuine ? 'genuine' : verdict.fault;
  };
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = (header: object, claims: object, by: SigningAlgorithm = 'ES256'): string => {
    const input = `${encoded(header)}.${encoded(claims)}`;
    return `${input}.${rawSignature(by, PAIRS[by].privateKey, input)}`;
  };
  const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'kid-ES256' };
  const SECONDS = START / 1000;
  const HOLDER = `u_1 ${AUDIENCE}`;
  const CLAIMS = {
    iss: issuer,
    sub: 'u_1',
    aud: AUDIENCE,
    client_id: 'c',
    iat: SECONDS,
    exp: SECONDS + 600,
    jti: 't',
    tenant: 'acme',
    pv: 'main@1',
    ep: 7,
  };

  it.each(ALGORITHMS)('is known again with what it says, signed with %s', async (algorithm) => {
    const { token, subject, actor } = await engine.mint(context, request(algorithm));
    const verdict = engine.verifyIssued(context, token, AUDIENCE);
    const told = verdict.genuine ? { ...verdict.claims, reference: verdict.claims.reference } : verdict;
    expect({ genuine: verdict.genuine, claims: told }).toEqual({
      genuine: true,
      claims: {
        tokenId: 'token-1',
        kid: `kid-${algorithm}`,
        subject,
        actor,
        act: { sub: actor },
        confirmation: null,
        origin: { issuedAt: SECONDS, depth: 1 },
        impersonated: false,
        clientId: 'orders-api',
        audience: AUDIENCE,
        tenant: 'acme',
        scope: 'billing:invoice:read',
        permissions: ['billing:invoice:read'],
        issuedAt: SECONDS,
        expiresAt: SECONDS + 600,
        policyVersion: 'main@1',
        epoch: 7,
        acr: 'c2',
        amr: ['mfa'],
        authTime: SECONDS - 100,
        reference: REFERENCE,
      },
    });
  });

  it('says who it is about to this service, when it is asked', async () => {
    const { token } = await engine.mint(context, request('ES256'));
    const verdict = engine.verifyIssued(context, token, AUDIENCE);
    expect(keys.unsealed).toBe(0);
    expect(verdict).toMatchObject({ genuine: true, claims: { reference: REFERENCE } });
  });

  it.each([
    ['that was never put in', undefined],
    ['of another subject', keysOf(`u_2 ${AUDIENCE}`, '[1,["i","e","contoso","iss"],[],null,[]]')],
    ['for another audience', keysOf('u_1 https://other.example', '[1,["i","e","contoso","iss"],[],null,[]]')],
    ['for another purpose', Buffer.from('["keyring-proof","t","[]"]').toString('base64url')],
    ['in a form that is not ours', keysOf(HOLDER, '[2,["i","e","contoso","iss"],[],null,[]]')],
    ['with members of other types', keysOf(HOLDER, '[1,["i",7,"contoso","iss"],[],null,[]]')],
    ['with bits that are none', keysOf(HOLDER, '[1,["i","e","contoso","iss"],[],null,["1"]]')],
    ['without a list', keysOf(HOLDER, '[1,["i","e","contoso","iss"],null,null,[]]')],
    ['that is no list at all', keysOf(HOLDER, '{"0":1}')],
  ])('names nobody by a reference %s', (_what, sref) => {
    expect(engine.verifyIssued(context, forged(HEADER, { ...CLAIMS, sref }), AUDIENCE)).toMatchObject({
      genuine: true,
      claims: { reference: null, acr: null, amr: [], authTime: null },
    });
  });

  it.each(ALGORITHMS)('is refused with any byte of it changed, signed with %s', async (algorithm) => {
    const { token } = await engine.mint(context, request(algorithm));
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(faultOf(changed)).not.toBe('genuine');
    }
  });

  it('is for one audience, and until it ends, without leeway', async () => {
    const { token } = await engine.mint(context, request('ES256'));
    expect(faultOf(token, 'https://other.test')).toBe('audience-mismatch');
    clock.advance(599_999);
    expect(faultOf(token)).toBe('genuine');
    clock.advance(1);
    expect(faultOf(token)).toBe('expired');
  });

  it('is refused when its key is gone', async () => {
    const { token } = await engine.mint(context, request('ES256'));
    expect(faultOf(token)).toBe('genuine');
    keys.gone.add('kid-ES256');
    expect(faultOf(token)).toBe('key-unknown');
  });

  it('is refused when it says that it is from a time in which its key did not sign', () => {
    const fromThen = (iat: number): string => forged(HEADER, { ...CLAIMS, iat, exp: SECONDS + 600 });
    keys.times = { signsFrom: START - 1_000_000, signsUntil: START - 500_000 };
    expect(faultOf(fromThen(SECONDS - 1_061))).toBe('outside-key-window');
    expect(faultOf(fromThen(SECONDS - 1_060))).toBe('genuine');
    expect(faultOf(fromThen(SECONDS - 140))).toBe('genuine');
    expect(faultOf(fromThen(SECONDS - 139))).toBe('outside-key-window');
    keys.times = { signsFrom: null, signsUntil: null };
    expect(faultOf(fromThen(SECONDS))).toBe('outside-key-window');
  });

  it.each<[IssuedTokenFault, object, object]>([
    ['key-unknown', { ...HEADER, kid: 'other' }, CLAIMS],
    ['key-unknown', { alg: 'ES256', typ: 'at+jwt' }, CLAIMS],
    ['key-unknown', ['ES256'], CLAIMS],
    ['algorithm-mismatch', { ...HEADER, alg: 'none' }, CLAIMS],
    ['algorithm-mismatch', { ...HEADER, alg: 'HS256' }, CLAIMS],
    ['type-mismatch', { ...HEADER, typ: 'JWT' }, CLAIMS],
    ['type-mismatch', { ...HEADER, typ: 'countersign-cutoff+jwt' }, CLAIMS],
    ['malformed', { ...HEADER, crit: ['b64'], b64: false }, CLAIMS],
    ['malformed', { kid: 'kid-ES256', alg: 'ES256', typ: 'at+jwt' }, CLAIMS],
    ['issuer-mismatch', HEADER, { ...CLAIMS, iss: 'https://evil.example' }],
    ['audience-mismatch', HEADER, { ...CLAIMS, aud: 'https://other.test' }],
    ['claims-incomplete', HEADER, { ...CLAIMS, aud: [AUDIENCE] }],
    ['claims-incomplete', HEADER, { ...CLAIMS, exp: String(SECONDS) }],
    ['claims-incomplete', HEADER, { ...CLAIMS, sub: undefined }],
    ['claims-incomplete', HEADER, { ...CLAIMS, permissions: 'all' }],
    ['claims-incomplete', HEADER, { ...CLAIMS, act: 'c_1' }],
    ['claims-incomplete', HEADER, []],
    ['claims-incomplete', HEADER, { ...CLAIMS, sref: {} }],
    ['claims-incomplete', HEADER, { ...CLAIMS, acr: 1 }],
    ['claims-incomplete', HEADER, { ...CLAIMS, amr: 'mfa' }],
    ['claims-incomplete', HEADER, { ...CLAIMS, auth_time: '1' }],
    ['sender-constrained', HEADER, { ...CLAIMS, cnf: { jkt: 'x' } }],
    ['sender-constrained', HEADER, { ...CLAIMS, cnf: null }],
    ['not-yet-valid', HEADER, { ...CLAIMS, iat: SECONDS + 61 }],
    ['not-yet-valid', HEADER, { ...CLAIMS, iat: SECONDS + 30, exp: SECONDS + 20 }],
    ['expired', HEADER, { ...CLAIMS, exp: SECONDS }],
  ])('is refused as %s with header %j and claims %j', (fault, header, claims) => {
    expect(faultOf(forged(HEADER, CLAIMS))).toBe('genuine');
    expect(faultOf(forged(header, claims))).toBe(fault);
  });

  it('is refused when another key signed it, of the same algorithm or of another', () => {
    expect(faultOf(forged({ ...HEADER, alg: 'RS256', kid: 'kid-RS256' }, CLAIMS, 'PS256'))).toBe('signature-invalid');
    expect(faultOf(forged(HEADER, CLAIMS, 'Ed25519'))).toBe('signature-invalid');
  });

  it.each(['', '.', '..', 'a.b', 'a.b.c.d', 'a.b.c ', ' a.b.c', 'a=.b.c', `${'a'.repeat(20_000)}.b.c`])('is not %j', (token) => {
    expect(faultOf(token)).not.toBe('genuine');
  });

  it('is never a cut-off document, nor the other way round', async () => {
    const revoked = { tokens: [], subjects: [], clients: [], tenants: [] };
    const keys = { revokedKeys: [], taintedKeys: [] };
    const document = {
      algorithm: 'ES256',
      sequence: 3,
      sequences: { keys: 2, revocations: 1 },
      lifetimeSeconds: 600,
      ...keys,
      revoked,
    } as const;
    expect(faultOf(await engine.signCutoffs(context, document))).toBe('type-mismatch');
  });
});
