import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeJwt, jwtVerify } from 'jose';
import type { ActiveKey, KeyAccess, PublishedKey } from '#accessors/key/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import type { MintRequest } from './contract.js';
import { DefaultSigningEngine } from './default.signing.engine.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'rest' } as const;
const start = 1_790_000_000;
const issuer = 'https://auth.example.com';
const request: MintRequest = {
  kind: 'user',
  identity: { instance: 'entra:public:t1', externalId: 'o1' },
  clientId: 'orders-api',
  actorClientId: 'orders-api',
  algorithm: 'ES256',
  audience: 'https://api.acme.test/billing',
  tenant: 'acme',
  permissions: Object.freeze(['billing:invoice:read', 'billing:invoice:write']),
  scope: 'billing:invoice:*',
  details: [{ type: 'billing_resource', actions: ['approve'], datatypes: ['invoice'], identifier: 'inv-9' }],
  conditionalCount: 1,
  reference: {
    identity: { instance: 'entra:public:t1', externalId: 'o1' },
    issuer: 'contoso',
    iss: 'https://contoso.test',
    roles: ['r1'],
    groups: null,
    conditionalBits: [3, 17],
  },
  acr: 'c2',
  amr: ['pwd', 'mfa'],
  authTime: start - 100,
  policyVersion: 'main@42',
  epoch: 9_131,
  lifetimeSeconds: null,
  notAfter: start + 86_400,
};
const bare: MintRequest = {
  ...request,
  actorClientId: null,
  permissions: [],
  scope: '',
  details: [],
  conditionalCount: 0,
  acr: null,
  amr: [],
  authTime: null,
};

describe('DefaultSigningEngine', () => {
  let keys: MemoryKeys;
  let clock: ManualClock;
  let engine: DefaultSigningEngine;
  beforeEach(() => {
    keys = new MemoryKeys();
    clock = new ManualClock(start * 1_000 + 999);
    const ids = new CryptoIdSource({ clock: new SystemClock() });
    engine = new DefaultSigningEngine({ keyAccess: keys, clock, ids, issuer, defaultLifetimeSeconds: 600 });
  });

  it('issues an access token of the RFC 9068 profile that jose verifies', async () => {
    const issued = await engine.mint(context, request);
    const { payload, protectedHeader } = await jwtVerify(issued.token, keys.publicKey, {
      issuer,
      audience: request.audience,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(clock.now()),
      requiredClaims: ['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti'],
    });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: keys.active.kid });
    expect(payload).toEqual({
      iss: issuer,
      sub: issued.subject,
      aud: request.audience,
      client_id: 'orders-api',
      iat: start,
      exp: start + 600,
      jti: issued.tokenId,
      scope: 'billing:invoice:*',
      tenant: 'acme',
      permissions: ['billing:invoice:read', 'billing:invoice:write'],
      act: { sub: issued.actor },
      acr: 'c2',
      amr: ['pwd', 'mfa'],
      auth_time: start - 100,
      pv: 'main@42',
      ep: 9_131,
      cnd: 1,
      authorization_details: [{ type: 'billing_resource', actions: ['approve'], datatypes: ['invoice'], identifier: 'inv-9' }],
      sref: expect.stringMatching(/^[\w-]+$/),
    });
    expect(issued).toMatchObject({ kid: keys.active.kid, issuedAt: start, expiresAt: start + 600 });
  });

  it('leaves out what there is nothing to say about: no nulls, no empty members', async () => {
    const claims = await claimsOf(bare);
    const always = ['aud', 'client_id', 'ep', 'exp', 'iat', 'iss', 'jti', 'pv', 'sref', 'sub', 'tenant'];
    expect(Object.keys(claims).sort()).toEqual(always);
  });

  it('names each token anew', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await engine.mint(context, request)).tokenId));
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  describe('the life of a token', () => {
    it.each([
      ['the default of the service', null, start + 9_000, start + 600],
      ['what the application wants', 300, start + 9_000, start + 300],
      ['the end of the subject token when that comes first', 600, start + 31, start + 31],
    ])('is %s', async (_what, lifetimeSeconds, notAfter, expected) => {
      expect((await claimsOf({ ...request, lifetimeSeconds, notAfter }))['exp']).toBe(expected);
    });

    it.each([start, start - 1, 0, Number.NaN, start + 30.5])(
      'does not begin when the subject token ends at %p',
      async (notAfter) => {
        await expect(engine.mint(context, { ...request, notAfter })).rejects.toMatchObject({ code: 'INTERNAL' });
      },
    );

    it.each([0, -1, Number.NaN, 1.5])('is never %p seconds', async (lifetimeSeconds) => {
      await expect(engine.mint(context, { ...request, lifetimeSeconds })).rejects.toMatchObject({ code: 'INTERNAL' });
    });
  });

  describe('sub', () => {
    it('is opaque, stable, and prefixed by the kind of subject', async () => {
      const user = await engine.mint(context, request);
      const again = await engine.mint(context, { ...request, audience: 'https://other' });
      const workload = await engine.mint(context, { ...request, kind: 'workload' });
      expect(user.subject).toMatch(/^u_[\w-]{43}$/);
      expect(again.subject).toBe(user.subject);
      expect(workload.subject).toMatch(/^w_[\w-]{43}$/);
      expect(user.token).not.toContain(Buffer.from('o1').toString('base64url'));
    });

    it('is the keyed digest of instance and external id', async () => {
      const expected = createHmac('sha256', keys.secret).update('["subject","entra:public:t1","o1"]').digest('base64url');
      expect((await engine.mint(context, request)).subject).toBe(`u_${expected}`);
    });

    it('differs for different identities, however their parts are cut', async () => {
      const text = fc.string({ unit: fc.constantFrom('a', '1', ':', '"', ',', '\\', '\ud800', '\ud801'), maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(text, text, text, text, async (instance, externalId, otherInstance, otherId) => {
          const one = await engine.mint(context, { ...request, identity: { instance, externalId } });
          const two = await engine.mint(context, { ...request, identity: { instance: otherInstance, externalId: otherId } });
          expect(one.subject === two.subject).toBe(instance === otherInstance && externalId === otherId);
        }),
        { numRuns: 200 },
      );
    });

    it('of a client is never that of a subject', async () => {
      const issued = await engine.mint(context, { ...request, identity: { instance: 'client', externalId: 'orders-api' } });
      expect(issued.actor).toMatch(/^c_[\w-]{43}$/);
      expect(issued.actor?.slice(2)).not.toBe(issued.subject.slice(2));
    });
  });

  it('names the actor in act, and nobody where there is none', async () => {
    const delegated = await engine.mint(context, request);
    expect(decodeJwt(delegated.token)['act']).toEqual({ sub: delegated.actor });
    const own = await engine.mint(context, { ...request, actorClientId: null });
    expect(own.actor).toBeNull();
    expect(decodeJwt(own.token)).not.toHaveProperty('act');
  });

  it('lets no input set or add a claim of its own', async () => {
    const nasty = fc.oneof(
      fc.string(),
      fc.constantFrom('","iss":"evil', '"}', '\\', '\u2028', '__proto__', '","exp":9999999999,"a":"', '\ud800'),
    );
    const inputs = fc.record({
      tenant: nasty,
      scope: nasty,
      acr: fc.option(nasty),
      amr: fc.array(nasty, { maxLength: 3 }),
      audience: nasty,
      clientId: nasty,
      policyVersion: nasty,
      permissions: fc.array(nasty, { maxLength: 3 }),
      actorClientId: fc.option(nasty),
    });
    const allowed = new Set([
      'iss',
      'sub',
      'aud',
      'client_id',
      'iat',
      'exp',
      'jti',
      'scope',
      'tenant',
      'permissions',
      'act',
      'acr',
      'amr',
      'auth_time',
      'pv',
      'ep',
      'cnd',
      'authorization_details',
      'sref',
    ]);
    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        const issued = await engine.mint(context, { ...request, ...input });
        const text = Buffer.from(issued.token.split('.')[1] ?? '', 'base64url').toString();
        const claims: unknown = JSON.parse(text);
        // The same text again: no name occurs twice.
        expect(JSON.stringify(claims)).toBe(text);
        expect(Object.keys(claims as object).filter((name) => !allowed.has(name))).toEqual([]);
        expect(claims).toMatchObject({
          iss: issuer,
          sub: issued.subject,
          aud: input.audience,
          client_id: input.clientId,
          iat: start,
          exp: start + 600,
          jti: issued.tokenId,
          tenant: input.tenant,
          pv: input.policyVersion,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('seals who the token is about, bound to its subject and audience, and tells nobody else', async () => {
    const issued = await engine.mint(context, request);
    expect(keys.sealed).toEqual([
      [
        'subject-reference',
        '[1,["entra:public:t1","o1","contoso","https://contoso.test"],["r1"],null,[3,17]]',
        `${issued.subject} ${request.audience}`,
      ],
    ]);
    const text = Buffer.from(issued.token.split('.')[1] ?? '', 'base64url').toString();
    for (const upstream of ['entra:public', 'o1"', 'contoso', 'r1']) expect(text).not.toContain(upstream);
  });

  it('seals anew whatever is not the same, of the same subject, for the same audience', async () => {
    await engine.mint(context, request);
    const { reference } = request;
    await engine.mint(context, { ...request, reference: { ...reference, roles: [...reference.roles] } });
    expect(keys.sealed).toHaveLength(1);
    const others = [
      { ...request, audience: 'https://other.example' },
      { ...request, identity: { ...request.identity, externalId: 'o2' } },
      { ...request, reference: { ...reference, roles: ['r2'] } },
      { ...request, reference: { ...reference, groups: [] } },
      { ...request, reference: { ...reference, conditionalBits: [3] } },
      { ...request, reference: { ...reference, iss: 'https://other.test' } },
      { ...request, reference: { ...reference, identity: { ...reference.identity, externalId: 'o3' } } },
    ];
    for (const other of others) await engine.mint(context, other);
    expect(keys.sealed).toHaveLength(1 + others.length);
  });

  describe('a consistency token', () => {
    const state = { tenantId: '00000000-0000-7000-8000-000000000001', epoch: 42 };
    const read = (token: string) => engine.readConsistencyToken(context, token);

    it('says which state it stands for', () => {
      for (const epoch of [0, 1, 42, Number.MAX_SAFE_INTEGER]) {
        expect(read(engine.consistencyToken(context, { ...state, epoch }))).toEqual({ ...state, epoch });
      }
      expect(engine.consistencyToken(context, state)).toMatch(/^[\w.-]{40,120}$/);
    });

    it('is refused with any character of it changed, added or left out', () => {
      const token = engine.consistencyToken(context, state);
      expect(read(token)).toEqual(state);
      for (let at = 0; at < token.length; at += 1) {
        expect(read(token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1))).toBeUndefined();
        expect(read(token.slice(0, at) + token.slice(at + 1))).toBeUndefined();
        expect(read(`${token.slice(0, at)}=${token.slice(at)}`)).toBeUndefined();
      }
      for (const other of ['', '.', `${token}.`, ` ${token}`, `${token}\n`, 'x'.repeat(10_000)])
        expect(read(other)).toBeUndefined();
    });

    it('cannot be made without the secret, and is none of another installation', () => {
      const content = Buffer.from(`${state.tenantId}.43`).toString('base64url');
      const digest = engine.consistencyToken(context, state).split('.')[1] ?? '';
      expect(read(`${content}.${digest}`)).toBeUndefined();
      const deps = { keyAccess: new MemoryKeys(), clock, ids: { random: () => 'a', ordered: () => 'b' } };
      const other = new DefaultSigningEngine({ ...deps, issuer, defaultLifetimeSeconds: 600 });
      expect(read(other.consistencyToken(context, state))).toBeUndefined();
    });
  });

  it('takes nothing from a request but what it knows', async () => {
    const more = { ...request, iss: 'evil', exp: 1, email: 'canary', name: 'canary', toJSON: () => ({ iss: 'evil' }) };
    const claims = await claimsOf(more);
    expect(claims['iss']).toBe(issuer);
    expect(JSON.stringify(claims)).not.toContain('canary');
  });

  it('sees a permission list that was changed, unless it cannot be', async () => {
    const permissions = ['billing:invoice:read'];
    await claimsOf({ ...request, permissions });
    permissions.push('billing:invoice:write');
    expect((await claimsOf({ ...request, permissions }))['permissions']).toEqual(permissions);
  });

  it('signs with the new key as soon as another one is active', async () => {
    await engine.mint(context, request);
    keys.activate();
    const issued = await engine.mint(context, request);
    expect(issued.kid).toBe(keys.active.kid);
    const { protectedHeader } = await jwtVerify(issued.token, keys.publicKey, { currentDate: new Date(clock.now()) });
    expect(protectedHeader.kid).toBe(keys.active.kid);
  });

  it('rejects, and does not throw at the caller, when there is no key', async () => {
    keys.isAway = true;
    await expect(engine.mint(context, request)).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
  });

  async function claimsOf(changed: MintRequest): Promise<Record<string, unknown>> {
    return decodeJwt((await engine.mint(context, changed)).token);
  }
});

/** Keys in memory, signing in the form that node itself converts. */
class MemoryKeys implements KeyAccess {
  readonly secret = randomBytes(32);
  readonly sealed: (readonly [purpose: string, text: string, bound: string])[] = [];
  isAway = false;
  active: ActiveKey = { kid: 'kid-1', algorithm: 'ES256' };
  private pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  private made = 1;

  get publicKey() {
    return this.pair.publicKey;
  }

  activate(): void {
    this.pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.made += 1;
    this.active = { kid: `kid-${String(this.made)}`, algorithm: 'ES256' };
  }

  activeKey(): ActiveKey {
    if (this.isAway) throw new CodedError('SIGNING_UNAVAILABLE');
    return this.active;
  }

  signWith(_context: unknown, _key: ActiveKey, signingInput: string): string {
    return sign('sha256', Buffer.from(signingInput), { key: this.pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString(
      'base64url',
    );
  }

  keyedDigest(_context: unknown, _purpose: string, message: string): string {
    return createHmac('sha256', this.secret).update(message).digest('base64url');
  }

  seal(_context: unknown, purpose: string, { text, bound }: { readonly text: string; readonly bound: string }): string {
    this.sealed.push([purpose, text, bound]);
    return randomBytes(24).toString('base64url');
  }

  unseal(): undefined {
    return undefined;
  }

  verificationKey(): undefined {
    return undefined;
  }

  async publishedKeys(): Promise<readonly PublishedKey[]> {
    return [];
  }

  async prepare() {
    return { madeKeys: [], madeSecrets: [] };
  }
}
