import { describe, expect, it } from '@jest/globals';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import { DelegationWorld, type Outcome } from './delegation.world.js';

const at = (id: string) => ({ issuer: 'keycloak', id });
const targetAt = (audience: string, from: readonly string[] = []) => ({
  audience,
  scopes: ['**'],
  delegationCeiling: ['**'],
  hops: from.map((each) => ({ from: each, ceiling: ['**'] })),
});
const WEB: RegisteredClient = {
  clientId: 'web',
  ownPresenters: [at('web-at-idp')],
  listedPresenters: [],
  apiAudiences: [],
  targets: [targetAt('a')],
};
const SERVICE: RegisteredClient = {
  clientId: 'svc-a',
  ownPresenters: [at('svc-at-idp')],
  listedPresenters: [],
  apiAudiences: [at('api-a')],
  serves: ['a'],
  targets: [targetAt('a'), targetAt('b', ['a'])],
};
const KEY = { jkt: 'key' };

const application = (name: string) => ({
  id: name,
  audience: name,
  prefix: name,
  permissions: [{ name: `${name}:x:read`, bit: 0 }],
  allowsEmptyPermissions: false,
  tokenLifetimeSeconds: null,
});

const world = new DelegationWorld({
  clients: [WEB, SERVICE],
  applications: ['a', 'b'].map(application),
  audiences: ['api-a'],
});
const upstream = (claims: object = {}): string => world.upstreamToken({ aud: 'api-a', client_id: 'web-at-idp', ...claims });

async function first(
  claims: object = {},
  shown: readonly { readonly jkt: string }[] = [],
): Promise<Extract<Outcome, { token: string }>> {
  const outcome = await world.exchange(WEB, { subjectToken: upstream(claims), audience: ['a'] }, shown);
  if ('code' in outcome) throw new Error(outcome.code);
  return outcome;
}

const codeOf = (outcome: Outcome): string => ('code' in outcome ? outcome.code : 'issued');
const hop = (subjectToken: string): Promise<Outcome> => world.exchange(SERVICE, { subjectToken, audience: ['b'] });

describe('What a subject token says of actors', () => {
  it('goes on through every exchange: nobody begins to act whom may_act does not name (RFC 8693 §4.4)', async () => {
    expect(codeOf(await hop((await first()).token))).toBe('issued');
    expect(codeOf(await hop((await first({ may_act: { sub: 'svc-at-idp' } })).token))).toBe('issued');
    for (const named of [
      { sub: 'another' },
      { sub: 'svc-at-idp', iss: 'https://elsewhere.example' },
      { client_id: 'web-at-idp' },
    ]) {
      expect(codeOf(await hop((await first({ may_act: named })).token))).toBe('DELEGATION_NOT_ALLOWED');
    }
    const direct = { subjectToken: upstream({ may_act: { sub: 'another' } }), audience: ['a'] };
    expect(codeOf(await world.exchange(SERVICE, direct))).toBe('DELEGATION_NOT_ALLOWED');
  });

  it('goes on as act, by names of ours: what was delegated there is not its own here (RFC 8693 §4.1)', async () => {
    const { claims } = await first({ act: { sub: 'helper', act: { sub: 'other', iss: 'https://elsewhere.example' } } });
    expect(claims['act']).toMatchObject({
      sub: expect.stringMatching(/^w_.*helper/u),
      act: { sub: expect.stringMatching(/elsewhere/u) },
    });
    const { token } = await first({ act: { sub: 'helper' } });
    const on = await hop(token);
    expect('claims' in on && on.claims['act']).toMatchObject({ act: { sub: expect.stringMatching(/helper/u) } });
    expect(world.records.at(-1)).toMatchObject({ case: 'on-behalf-of', detail: expect.stringContaining('acted before: w_') });
    const deep = { act: { sub: '4', act: { sub: '3', act: { sub: '2', act: { sub: '1' } } } } };
    expect(codeOf(await world.exchange(WEB, { subjectToken: upstream(deep), audience: ['a'] }))).toBe('DELEGATION_TOO_DEEP');
  });
});

describe('An actor that was cut off', () => {
  it('acts no more: neither in what the identity provider says nor in what was issued here', async () => {
    const { token, claims } = await first({ act: { sub: 'helper' } });
    world.cutOff = (claims['act'] as { readonly sub: string }).sub;
    try {
      expect(codeOf(await hop(token))).toBe('TOKEN_REVOKED');
      const direct = { subjectToken: upstream({ act: { sub: 'helper' } }), audience: ['a'] };
      expect(codeOf(await world.exchange(WEB, direct))).toBe('TOKEN_REVOKED');
      expect(codeOf(await world.exchange(WEB, { ...direct, subjectToken: upstream({ act: { sub: 'other' } }) }))).toBe('issued');
    } finally {
      world.cutOff = null;
    }
  });
});

describe('A bound token', () => {
  it('stays bound to its key, and is nothing without it', async () => {
    const bound = await first({}, [KEY]);
    expect(bound).toMatchObject({ type: 'DPoP', claims: { cnf: KEY } });
    const again = { subjectToken: bound.token, audience: ['a'] };
    expect(codeOf(await world.exchange(WEB, again))).toBe('BINDING_NOT_SHOWN');
    expect(codeOf(await world.exchange(WEB, again, [{ jkt: 'another' }]))).toBe('BINDING_NOT_SHOWN');
    expect(await world.exchange(WEB, again, [KEY])).toMatchObject({ type: 'DPoP', claims: { cnf: KEY, hop: 2 } });
    expect(codeOf(await hop(bound.token))).toBe('BINDING_NOT_SHOWN');
    const theirs = { subjectToken: upstream({ cnf: KEY }), audience: ['a'] };
    expect(codeOf(await world.exchange(WEB, theirs))).toBe('TOKEN_SENDER_CONSTRAINED');
    expect(await world.exchange(WEB, theirs, [{ jkt: 'another' }, KEY])).toMatchObject({ type: 'DPoP', claims: { cnf: KEY } });
  });
});

describe('A token that was passed on', () => {
  it('ends no later than the token of the actor', async () => {
    const exp = Math.floor(world.clock.now() / 1_000) + 100;
    const actor = { actorToken: upstream({ sub: 'robot', exp }), actorTokenType: 'urn:ietf:params:oauth:token-type:jwt' };
    const outcome = await world.exchange(WEB, { subjectToken: upstream(), audience: ['a'], ...actor });
    expect('claims' in outcome && outcome.claims).toMatchObject({ exp, act: { sub: expect.stringMatching(/robot/u) } });
  });

  it('never outlives the one that it came from, and is not exchanged in its last half minute', async () => {
    const { token, claims } = await first();
    world.clock.advance(300_000);
    const on = await hop(token);
    expect('claims' in on && on.claims).toMatchObject({ exp: claims['exp'], oat: Number(claims['iat']) - 10, hop: 2 });
    world.clock.advance(275_000);
    expect(codeOf(await hop(token))).toBe('TOKEN_EXPIRES_TOO_SOON');
    world.clock.advance(60_000);
    expect(codeOf(await hop(token))).toBe('TOKEN_EXPIRED');
  });
});
