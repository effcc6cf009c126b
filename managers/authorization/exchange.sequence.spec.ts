import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { CallingClient, ExchangeRequest, ExchangeResult } from './contract.js';
import { assignmentOf, AUDIENCE, buildHouse, type House, type HouseChanges } from '../../test/chains/authorization.house.js';

const context = { diagnosticId: '4c2c1f0a-0000-4000-8000-000000000001', transport: 'rest' } as const;
const READ = 'billing:invoice:read';
const CREATE = 'billing:invoice:create';
const ALWAYS = { from: null, until: null };

const binding = {
  id: 'b',
  principal: 'all',
  role: null,
  permissions: [CREATE],
  unit: null,
  condition: null,
  resource: null,
  valid: ALWAYS,
};
const onAddress: NonNullable<HouseChanges['policy']> = {
  attributes: [{ root: 'context', resourceType: null, name: 'ip', type: 'string', source: 'pep' }],
  bindings: [{ ...binding, condition: { key: null, expression: 'context.ip == "10.0.0.1"', params: {} } }],
};

describe('A token that is issued', () => {
  it('ends when what it says is no longer so, and a little earlier for some', async () => {
    const house = buildHouse();
    const until = house.clock.now() + 120_000;
    house.stored.facts = { ...house.stored.facts, assignments: [{ ...assignmentOf('viewer'), valid: { from: null, until } }] };
    const { claims, result } = await exchanged(house);
    const left = Number(claims.exp) * 1_000 - house.clock.now();
    expect(left).toBeLessThanOrEqual(120_000);
    expect(left).toBeGreaterThanOrEqual(120_000 - 30_000 - 1_000);
    expect(result.expiresInSeconds).toBe(Number(claims.exp) - Number(claims.iat));
  });

  it('ends before what it does not say begins', async () => {
    const house = buildHouse();
    const from = house.clock.now() + 60_000;
    const clerk = { ...assignmentOf('clerk'), valid: { from, until: null } };
    house.stored.facts = { ...house.stored.facts, assignments: [assignmentOf('viewer'), clerk] };
    expect(Number((await exchanged(house)).claims.exp) * 1_000).toBeLessThanOrEqual(from);
  });

  it('never outlives the token that it was exchanged for', async () => {
    const house = buildHouse();
    const exp = Math.floor(house.clock.now() / 1_000) + 120;
    expect((await exchanged(house, house.token({ exp }))).claims.exp).toBe(exp);
  });

  it('is not made for a part of a second', async () => {
    const house = buildHouse();
    const until = house.clock.now() + 400;
    house.stored.facts = { ...house.stored.facts, assignments: [{ ...assignmentOf('viewer'), valid: { from: null, until } }] };
    await expect(exchanged(house)).rejects.toMatchObject({ code: 'PERMISSIONS_CHANGING' });
    expect(house.records).toEqual([]);
  });

  it('leaves to Check what depends on the caller, and says how much that is', async () => {
    const house = buildHouse({ policy: onAddress });
    const { claims, result } = await exchanged(house);
    expect(claims).toMatchObject({ permissions: [READ], cnd: 1 });
    expect(claims).not.toHaveProperty('authorization_details');
    expect(result.conditional).toMatchObject([{ permission: CREATE, missing: ['context.ip'] }]);
  });

  it('carries permissions on particular resources, and the answer tells them too', async () => {
    const resource = { type: 'invoice', ids: ['inv-9'], path: null };
    const house = buildHouse({ policy: { bindings: [{ ...binding, resource }] } });
    const { claims, result } = await exchanged(house);
    expect(result.details).toMatchObject([{ type: 'billing_resource', identifier: 'inv-9', locations: [AUDIENCE] }]);
    expect(claims['authorization_details']).toEqual(JSON.parse(JSON.stringify(result.details)));
    expect(claims['permissions']).toEqual([READ]);
  });

  it('is decided with what fact sources tell, which are asked for nothing but what the policy reads from them', async () => {
    const attributes = [
      { root: 'subject', resourceType: null, name: 'department', type: 'string', source: 'directory' },
      { root: 'subject', resourceType: null, name: 'level', type: 'int', source: 'db' },
      { root: 'resource', resourceType: 'invoice', name: 'owner', type: 'string', source: 'directory' },
    ] as const;
    const condition = { key: null, expression: 'subject.department == "told"', params: {} };
    const house = buildHouse({ policy: { attributes, bindings: [{ ...binding, condition }] } });
    expect((await exchanged(house)).claims['permissions']).toEqual([CREATE, READ]);
    expect(house.calls).toContain('FactAccess.externalFacts');
    expect(house.wanted).toEqual([[{ source: 'directory', path: 'subject.department' }]]);
  });

  it('names the state that it was read from, for later questions', async () => {
    const house = buildHouse();
    const { result } = await exchanged(house);
    const client = await authenticated(house);
    const asked = { subject: { by: 'token', token: result.accessToken }, items: [{ permission: READ, resource: null }] } as const;
    const none = { audience: undefined, tenant: undefined, unit: null, context: {}, explain: false };
    const answer = await house.manager.check(context, client, { ...asked, ...none, atLeastAsFresh: result.consistencyToken });
    expect(answer).toMatchObject({ epoch: 7, results: [{ allowed: true }] });
  });
});

describe('A large token', () => {
  const named = (count: number): HouseChanges => ({
    application: {
      permissions: Array.from({ length: count }, (_, bit) => ({
        name: `billing:thing-with-a-long-name-${String(bit)}:read`,
        bit,
      })),
    },
  });

  it('is counted and logged from 4 KiB on', async () => {
    for (const [count, label] of [
      [5, undefined],
      [45, 'over 4 KiB'],
    ] as const) {
      const house = buildHouse(named(count));
      const { claims } = await exchanged(house);
      expect((claims['permissions'] as unknown[]).length).toBe(count);
      expect(claims).not.toHaveProperty('permissions_ref');
      expect(sizesCounted(house)).toEqual(label === undefined ? [] : [[`tokens.large{${label}}`, 1]]);
      expect(house.logger.lines.map(({ event }) => event)).toEqual(label === undefined ? [] : ['token.large']);
    }
  });

  it('names no permission at all, instead of some, where it would be longer than 7 KiB', async () => {
    for (const count of [100, 500, 2000]) {
      const house = buildHouse(named(count));
      const { claims, result } = await exchanged(house);
      expect(claims).toMatchObject({ permissions_ref: true, pv: expect.any(String) });
      for (const left of ['permissions', 'scope', 'authorization_details']) expect(claims).not.toHaveProperty(left);
      expect(result.accessToken.length).toBeLessThan(7 * 1024);
      expect(sizesCounted(house)).toEqual([['tokens.large{by reference}', 1]]);
      expect(house.records).toMatchObject([{ outcome: 'issued', permissionCount: count }]);
    }
  });

  it('answers by itself what it does not name, and no more than it was issued with', async () => {
    const house = buildHouse(named(500));
    const subject = house.token();
    const all = await exchanged(house, subject);
    const client = await authenticated(house);
    const none = { audience: undefined, tenant: undefined, unit: null, context: {}, atLeastAsFresh: undefined };
    const held = async (token: string) => {
      const asked = { subject: { by: 'token', token }, ...none } as const;
      return (await house.manager.effectivePermissions(context, client, asked)).granted.length;
    };
    expect(await held(all.result.accessToken)).toBe(500);
    const scope = Array.from({ length: 100 }, (_, at) => `billing:thing-with-a-long-name-${String(at)}:read`).join(' ');
    const some = await exchanged(house, subject, scope);
    expect(some.claims).toMatchObject({ permissions_ref: true });
    expect(await held(some.result.accessToken)).toBe(100);
  });
});

function sizesCounted({ counters }: House): readonly (readonly [string, number])[] {
  return [...counters.snapshot()].filter(([name]) => name.startsWith('tokens.'));
}

describe('Records, logs and errors', () => {
  it('hold no token and no value of an attribute', async () => {
    const canary = 'c4n4ry-value';
    const house = buildHouse({ policy: onAddress, client: { explains: true } });
    const subject = house.token({ name: canary, email: canary });
    const { result } = await exchanged(house, subject);
    const client = await authenticated(house);
    const none = { audience: undefined, tenant: undefined, unit: null, atLeastAsFresh: undefined, explain: true };
    const resource = { type: 'invoice', id: 'i1', unit: null, path: null, attributes: { secret: canary } };
    const items = [READ, CREATE].map((permission) => ({ permission, resource }));
    for (const token of [result.accessToken, subject]) {
      const asked = { subject: { by: 'token', token }, items, context: { ip: canary }, ...none } as const;
      await house.manager.check(context, client, asked);
      const broken = { ...asked, subject: { by: 'token', token: `${token}x` } } as const;
      const error: unknown = await house.manager.check(context, client, broken).catch((thrown: unknown) => thrown);
      expect(JSON.stringify([error, (error as Error).message, (error as { details: unknown }).details])).not.toContain(token);
    }
    expect(house.notes.length).toBeGreaterThan(0);
    const written = JSON.stringify([house.notes, house.records, house.logger.lines, [...house.counters.snapshot()]]);
    for (const secret of [
      canary,
      subject,
      result.accessToken,
      result.accessToken.split('.')[1] ?? '',
      subject.split('.')[1] ?? '',
    ]) {
      expect(written).not.toContain(secret);
    }
  });
});

function authenticated(house: House): Promise<CallingClient> {
  return house.manager.authenticate(context, { method: 'client_secret_post', clientId: 'web', clientSecret: 'right' });
}

async function exchanged(house: House, subjectToken = house.token(), scope?: string) {
  const request: ExchangeRequest = {
    subjectToken,
    subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
    actorToken: undefined,
    actorTokenType: undefined,
    requestedTokenType: undefined,
    audience: [AUDIENCE],
    resource: [],
    scope,
    tenant: undefined,
    impersonation: false,
  };
  const result: ExchangeResult = await house.manager.exchange(context, await authenticated(house), request);
  return { result, claims: decodeJwt(result.accessToken) };
}
