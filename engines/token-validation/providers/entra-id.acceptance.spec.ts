import { describe, expect, it } from '@jest/globals';
import { ENTRA_DEFAULTS, type EntraAcceptance } from '#accessors/issuer/contract.js';
import { CLIENT, OBJECT, OTHER_DIRECTORY } from '../../../test/vectors/stub.issuer.access.js';
import { ValidationBench } from '../../../test/vectors/validation-bench.js';

type Json = Readonly<Record<string, unknown>>;

const APP: Json = { idtyp: 'app', scp: undefined, sub: OBJECT, roles: ['Orders.Read.All'] };
const USER: Json = { scp: 'access_as_user' };

async function verdict(acceptance: Partial<EntraAcceptance>, claims: Json): Promise<string> {
  const bench = new ValidationBench({ entra: { acceptance: { ...ENTRA_DEFAULTS.acceptance, ...acceptance } } });
  return bench.verdict(bench.v2Token(claims));
}

describe('The kind of a token', () => {
  it.each([
    ['idtyp user', { ...USER, idtyp: 'user' }, 'accepted'],
    ['idtyp app', APP, 'accepted'],
    ['idtyp device', { ...APP, idtyp: 'device' }, 'TOKEN_KIND_NOT_ACCEPTED'],
    ['idtyp device with a scope', { ...USER, idtyp: 'device' }, 'TOKEN_KIND_NOT_ACCEPTED'],
    ['idtyp App', { ...APP, idtyp: 'App' }, 'TOKEN_KIND_NOT_ACCEPTED'],
    ['an empty idtyp', { ...APP, idtyp: '' }, 'TOKEN_KIND_NOT_ACCEPTED'],
    ['an unheard-of idtyp', { ...USER, idtyp: 'agent' }, 'TOKEN_KIND_NOT_ACCEPTED'],
    ['idtyp app with a scope', { ...APP, ...USER }, 'TOKEN_KIND_NOT_ACCEPTED'],
    ['no idtyp, a scope', USER, 'accepted'],
    ['no idtyp, about itself', { ...APP, idtyp: undefined }, 'accepted'],
    ['no idtyp, no scope, about somebody', { ...APP, idtyp: undefined, sub: 'pairwise' }, 'TOKEN_KIND_NOT_ACCEPTED'],
  ])('%s', async (_title, claims, expected) => {
    expect(await verdict({}, claims)).toBe(expected);
  });

  it('must be said where that is demanded', async () => {
    const strict = { strictIdtyp: true };
    expect(await verdict(strict, USER)).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(await verdict(strict, { ...APP, idtyp: undefined })).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(await verdict(strict, { ...USER, idtyp: 'user' })).toBe('accepted');
    expect(await verdict(strict, APP)).toBe('accepted');
  });

  it('can be switched off', async () => {
    expect(await verdict({ delegated: false }, USER)).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(await verdict({ delegated: false }, APP)).toBe('accepted');
    expect(await verdict({ appOnly: false }, APP)).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(await verdict({ appOnly: false }, { ...APP, idtyp: undefined })).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(await verdict({ appOnly: false }, USER)).toBe('accepted');
  });
});

describe('An agent', () => {
  const acting = { ...APP, sub: OTHER_DIRECTORY, xms_act_fct: '3 9 11' };

  it('is accepted where agents are, under the rules of its kind', async () => {
    expect(await verdict({}, acting)).toBe('TOKEN_AGENT_REFUSED');
    expect(await verdict({ agents: true }, acting)).toBe('accepted');
    expect(await verdict({ agents: true }, { ...acting, roles: undefined })).toBe('TOKEN_APP_WITHOUT_ROLES');
    expect(await verdict({}, { ...USER, xms_par_app_azp: CLIENT })).toBe('TOKEN_AGENT_REFUSED');
  });
});

describe('Permissions', () => {
  it('of an application are demanded, and any will do where none is named', async () => {
    for (const roles of [undefined, []]) expect(await verdict({}, { ...APP, roles })).toBe('TOKEN_APP_WITHOUT_ROLES');
    expect(await verdict({ requireAppRoles: false }, { ...APP, roles: undefined })).toBe('accepted');
    expect(await verdict({}, { ...USER, roles: undefined })).toBe('accepted');
  });

  it('that are named must all be there', async () => {
    const two = { requiredApplicationPermissions: ['Orders.Read.All', 'Orders.Write.All'] };
    expect(await verdict(two, APP)).toBe('TOKEN_ROLE_MISSING');
    expect(await verdict(two, { ...APP, roles: ['Orders.Write.All', 'Orders.Read.All'] })).toBe('accepted');
    const scopes = { requiredScopes: ['a', 'b'] };
    expect(await verdict(scopes, { scp: 'a' })).toBe('TOKEN_SCOPE_MISSING');
    expect(await verdict(scopes, { scp: 'b c a' })).toBe('accepted');
    expect(await verdict(scopes, { scp: 'a\tb' })).toBe('TOKEN_SCOPE_MISSING');
  });

  it('are bound to the kind: one claim, two meanings', async () => {
    const permission = { requiredApplicationPermissions: ['Orders.Read.All'] };
    const role = { requiredUserRoles: ['Approver'] };
    const scope = { requiredScopes: ['access_as_user'] };
    // A user's role never stands for an application permission: the rule for applications does not look at users at all.
    expect(await verdict({ ...permission, delegated: false }, { ...USER, roles: ['Orders.Read.All'] })).toBe(
      'TOKEN_KIND_NOT_ACCEPTED',
    );
    expect(await verdict(permission, USER)).toBe('accepted');
    expect(await verdict(role, USER)).toBe('TOKEN_ROLE_MISSING');
    expect(await verdict(role, { ...USER, roles: ['Approver'] })).toBe('accepted');
    expect(await verdict(role, APP)).toBe('accepted');
    expect(await verdict(scope, APP)).toBe('accepted');
    expect(await verdict({ ...scope, ...role }, { scp: 'Approver', roles: ['access_as_user'] })).toBe('TOKEN_SCOPE_MISSING');
  });
});

describe('The client that the token was issued to', () => {
  it('is on the list where there is one, in any case of its letters', async () => {
    expect(await verdict({ presenters: [CLIENT] }, USER)).toBe('accepted');
    expect(await verdict({ presenters: [] }, USER)).toBe('TOKEN_PRESENTER_NOT_ALLOWED');
    expect(await verdict({ presenters: [OTHER_DIRECTORY, CLIENT] }, APP)).toBe('accepted');
    expect(await verdict({ presenters: [CLIENT] }, { ...USER, azp: undefined })).toBe('TOKEN_PRESENTER_NOT_ALLOWED');
    expect(await verdict({ presenters: [CLIENT.slice(0, -1)] }, USER)).toBe('TOKEN_PRESENTER_NOT_ALLOWED');
  });

  it.each([
    ['0', '0', 'accepted'],
    ['1', '0', 'TOKEN_PRESENTER_WEAK'],
    ['1', '1', 'accepted'],
    ['1', '2', 'accepted'],
    ['2', '1', 'TOKEN_PRESENTER_WEAK'],
    ['2', '2', 'accepted'],
    ['1', '3', 'TOKEN_PRESENTER_WEAK'],
    ['1', '', 'TOKEN_PRESENTER_WEAK'],
    ['2', '02', 'TOKEN_PRESENTER_WEAK'],
  ] as const)('authenticated at least by %s, did by %s: %s', async (least, azpacr, expected) => {
    expect(await verdict({ minimumClientAuthentication: least }, { ...USER, azpacr })).toBe(expected);
  });

  it('is judged by the claim of the version', async () => {
    const bench = new ValidationBench({
      entra: { acceptance: { ...ENTRA_DEFAULTS.acceptance, minimumClientAuthentication: '1', presenters: [CLIENT] } },
    });
    expect(await bench.verdict(bench.v1Token({ appidacr: '1' }))).toBe('accepted');
    expect(await bench.verdict(bench.v1Token({ appidacr: '0', azpacr: '2' }))).toBe('TOKEN_PRESENTER_WEAK');
    expect(await bench.verdict(bench.v1Token({ appidacr: 1 }))).toBe('TOKEN_CLAIM_INVALID');
    // The list is about the client that the presenter rule is about.
    expect(await bench.verdict(bench.v1Token({ appid: OTHER_DIRECTORY, azp: CLIENT }))).toBe('TOKEN_PRESENTER_NOT_ALLOWED');
  });
});
