import { describe, expect, it } from '@jest/globals';
import type { ClaimCondition, ClaimSelector, OidcIssuer } from '#accessors/issuer/contract.js';
import { ValidationBench } from '../../../test/vectors/validation-bench.js';
import type { Principal } from '../contract.js';

type Json = Readonly<Record<string, unknown>>;

function benchOf(oidc: Partial<OidcIssuer>): ValidationBench {
  const bench = new ValidationBench({ oidc });
  bench.presenter = { ...bench.presenter, apiAudiences: [{ issuer: 'keycloak', id: 'api://orders' }] };
  return bench;
}

async function verdict(oidc: Partial<OidcIssuer>, claims: Json, header: Json = {}): Promise<string> {
  const bench = benchOf(oidc);
  return bench.verdict(bench.oidcToken(claims, header));
}

async function principal(oidc: Partial<OidcIssuer>, claims: Json): Promise<Principal> {
  const bench = benchOf(oidc);
  const report = await bench.validate(bench.oidcToken(claims));
  if (report.outcome === 'accepted') return report.principal;
  throw new Error(report.findings[0].code);
}

describe('A claim selector', () => {
  const uid: ClaimSelector = ['kubernetes.io', 'serviceaccount', 'uid'];

  it('as a string is one name, dots and all; as an array it goes down', async () => {
    const nested = { 'kubernetes.io': { serviceaccount: { uid: 'u-1' } } };
    expect((await principal({ identityClaims: [uid] }, nested)).identity.externalId).toBe('u-1');
    expect(await verdict({ identityClaims: ['kubernetes.io.serviceaccount.uid'] }, nested)).toBe('TOKEN_CLAIM_INVALID');
    expect(await verdict({ identityClaims: ['a.b'] }, { 'a.b': 'x' })).toBe('accepted');
    expect(await verdict({ identityClaims: [['a', 'b']] }, { 'a.b': 'x' })).toBe('TOKEN_CLAIM_INVALID');
  });

  it('finds own members of objects alone', async () => {
    for (const selector of ['toString', ['iss', 'length'], ['aud', '0'], ['list', '0'], ['sub', 'constructor']] as const)
      expect(await verdict({ identityClaims: [selector] }, { list: ['x'] })).toBe('TOKEN_CLAIM_INVALID');
  });
});

describe('The identity', () => {
  it('of several claims is joined so that no two lists make one text', async () => {
    const ids: Partial<OidcIssuer> = { identityClaims: ['owner', 'repository'] };
    const identify = async (owner: string, repository: string): Promise<string> =>
      (await principal(ids, { owner, repository })).identity.externalId;
    expect(await identify('74', '9')).toBe('74:9');
    const texts = [await identify('a:b', 'c'), await identify('a', 'b:c'), await identify('a%3Ab', 'c')];
    expect(new Set(texts).size).toBe(3);
  });

  it('needs each of them as a string that says something', async () => {
    for (const value of [undefined, '', null, 7, true, ['x'], {}, 'a\nb', 'x'.repeat(1025)])
      expect(await verdict({ identityClaims: ['sub', 'owner'] }, { owner: value })).toBe('TOKEN_CLAIM_INVALID');
  });

  it('is sub by default', async () => {
    expect((await principal({}, { sub: 'a:b' })).identity).toEqual({
      instance: 'oidc:https://idp.example/realms/acme',
      externalId: 'a:b',
    });
  });
});

describe('The presenter by mapped claims', () => {
  const own = async (presenterClaims: OidcIssuer['presenterClaims'], claims: Json): Promise<string> => {
    const bench = new ValidationBench({ oidc: { presenterClaims } });
    const report = await bench.validate(bench.oidcToken(claims));
    return report.outcome === 'accepted' ? report.principal.case : report.findings[0].code;
  };

  it('is what the configured claims say, and nothing else', async () => {
    expect(await own(['cid'], { cid: 'spa', client_id: 'other' })).toBe('own');
    expect(await own(['cid'], { client_id: 'spa' })).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await own([], {})).toBe('TOKEN_PRESENTER_MISMATCH');
    expect(await own([['deep', 'client']], { deep: { client: 'spa' } })).toBe('own');
  });

  it('is one: claims that disagree are a conflict, and one that is no string is refused', async () => {
    expect(await own(['cid', 'azp'], { cid: 'spa', azp: 'other' })).toBe('TOKEN_PRESENTER_CONFLICT');
    expect(await own(['cid'], { cid: ['spa'] })).toBe('TOKEN_CLAIM_INVALID');
    expect(await own(['cid'], { cid: '' })).toBe('TOKEN_PRESENTER_MISMATCH');
  });
});

describe('The kind', () => {
  it('is what the issuer is registered for, or told from the client', async () => {
    expect((await principal({ kind: 'workload' }, {})).kind).toBe('workload');
    expect((await principal({ kind: 'user' }, { sub: 'spa' })).kind).toBe('user');
    expect((await principal({ kind: 'auto' }, { sub: 'spa' })).kind).toBe('workload');
    expect((await principal({ kind: 'auto', presenterClaims: ['cid'] }, { sub: 'spa', cid: 'x' })).kind).toBe('user');
  });
});

describe('Roles and groups', () => {
  const claims = { roles: ['realm_access', 'roles'], groups: ['deep', 'groups'] } as const;

  it('may be nested', async () => {
    expect(await principal({ claims }, { realm_access: { roles: ['a'] }, deep: { groups: ['g'] } })).toMatchObject({
      roles: ['a'],
      groups: ['g'],
    });
    expect(await principal({ claims }, { roles: ['a'], groups: ['g'] })).toMatchObject({ roles: [], groups: [] });
    expect(await verdict({ claims }, { realm_access: { roles: 'a' } })).toBe('TOKEN_CLAIM_INVALID');
    expect(await verdict({ claims }, { realm_access: ['roles'] })).toBe('accepted');
  });
});

describe('A condition', () => {
  const on = (...conditions: readonly ClaimCondition[]): Partial<OidcIssuer> => ({ conditions });

  it('holds for exactly its values', async () => {
    const owner = on({ claim: 'owner_id', oneOf: ['1', '2'] });
    expect(await verdict(owner, { owner_id: '2' })).toBe('accepted');
    for (const value of [undefined, null, '', 1, 2, '3', '1 ', ['1'], { 0: '1' }, true])
      expect(await verdict(owner, { owner_id: value })).toBe('TOKEN_CONDITION_UNMET');
    expect(await verdict(on({ claim: 'verified', oneOf: [true] }), { verified: true })).toBe('accepted');
    expect(await verdict(on({ claim: 'verified', oneOf: [true] }), { verified: 'true' })).toBe('TOKEN_CONDITION_UNMET');
    expect(await verdict(on({ claim: 'owner_id', oneOf: [] }), { owner_id: '' })).toBe('TOKEN_CONDITION_UNMET');
  });

  it('stands beside others: all hold', async () => {
    const both = on({ claim: 'a', oneOf: ['1'] }, { claim: ['b', 'c'], oneOf: ['2'] });
    expect(await verdict(both, { a: '1', b: { c: '2' } })).toBe('accepted');
    expect(await verdict(both, { a: '1', 'b.c': '2' })).toBe('TOKEN_CONDITION_UNMET');
    expect(await verdict(both, { b: { c: '2' } })).toBe('TOKEN_CONDITION_UNMET');
  });

  it('is judged when the token is proven, for us and valid', async () => {
    const bench = benchOf(on({ claim: 'a', oneOf: ['1'] }));
    expect(await bench.verdict(bench.oidcToken({ aud: 'other' }))).toBe('TOKEN_AUDIENCE_MISMATCH');
    expect(await bench.verdict(bench.oidcToken({ exp: bench.now - 1 }))).toBe('TOKEN_EXPIRED');
  });
});

describe('What marks an access token', () => {
  it('is typ, which may be left out only where that is said', async () => {
    expect(await verdict({ allowMissingType: true }, {}, { typ: undefined })).toBe('accepted');
    expect(await verdict({ allowMissingType: false }, {}, { typ: undefined })).toBe('TOKEN_TYPE_MISMATCH');
    for (const typ of ['id+jwt', '', null, 7])
      expect(await verdict({ allowMissingType: true }, {}, { typ })).toBe('TOKEN_TYPE_MISMATCH');
  });

  it('can be claims', async () => {
    const marked: Partial<OidcIssuer> = { markerClaims: ['cid', ['deep', 'id']] };
    expect(await verdict(marked, { cid: 'spa', deep: { id: 1 } })).toBe('accepted');
    expect(await verdict(marked, { cid: 'spa' })).toBe('TOKEN_TYPE_MISMATCH');
    expect(await verdict(marked, { cid: null, deep: { id: 1 } })).toBe('TOKEN_TYPE_MISMATCH');
  });
});
