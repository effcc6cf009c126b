import type { OidcWorldIssuer, Selector } from '../oracle/world.js';
import { place, set, type Draft, type DraftMutation, type Making } from './draft.js';
import { API, API_URI, DIRECTORIES, GOV_DIRECTORY, PERSONAL_DIRECTORY, STRANGER } from './fuzz-world.js';

type Edit = (draft: Draft, making: Making) => boolean;

const entra = (name: string, apply: Edit): DraftMutation => ({
  name: `entra: ${name}`,
  apply: (draft, making) => draft.from.issuer.provider === 'entra-id' && apply(draft, making),
});
const oidc = (name: string, apply: Edit): DraftMutation => ({
  name: `oidc: ${name}`,
  apply: (draft, making) => draft.from.issuer.provider === 'oidc' && apply(draft, making),
});

const NOT_TEXTS = ['reader', 1, null, true, {}, ['a', 1], [['a']], [null], { 0: 'a' }] as const;
const NOT_GUIDS = [
  undefined,
  '',
  'x',
  1,
  null,
  [],
  '9b1d000011114222833344445555666',
  '9b1d0000-1111-4222-8333-44445555666g',
  ' 9b1d0000-1111-4222-8333-444455556666',
];

const DIRECTORY_FAULTS: readonly DraftMutation[] = [
  entra('tid of another directory', ({ claims }, { random }) =>
    set(claims, 'tid', random.pick([...DIRECTORIES, GOV_DIRECTORY, PERSONAL_DIRECTORY, '00000000-0000-0000-0000-000000000000'])),
  ),
  entra('tid in capitals', ({ claims }) => set(claims, 'tid', String(claims['tid']).toUpperCase())),
  entra('tid not a GUID', ({ claims }, { random }) => set(claims, 'tid', random.pick(NOT_GUIDS))),
  entra('tid twice, in another case', ({ claims }, { random }) =>
    set(claims, random.pick(['TID', 'Tid', 'tId']), random.pick([PERSONAL_DIRECTORY, String(claims['tid'])])),
  ),
  entra('iss and tid of a directory that is not listed', ({ claims }) => {
    const listed = String(claims['tid']);
    claims['iss'] = String(claims['iss']).replace(listed, PERSONAL_DIRECTORY);
    return set(claims, 'tid', PERSONAL_DIRECTORY);
  }),
  entra('signed by a key for others', (draft, { random, fuzz }) => {
    draft.key = random.pick(fuzz.strayKeys);
    Object.assign(draft.header, { alg: draft.key.algorithm, kid: draft.key.kid });
    return true;
  }),
];

const VERSION_FAULTS: readonly DraftMutation[] = [
  entra('ver of the other version', ({ claims }) => {
    const from = claims['ver'] === '1.0' ? ['appid', 'appidacr'] : ['azp', 'azpacr'];
    const to = claims['ver'] === '1.0' ? ['azp', 'azpacr'] : ['appid', 'appidacr'];
    for (const [index, name] of from.entries()) {
      set(claims, to[index] ?? '', claims[name]);
      set(claims, name, undefined);
    }
    return set(claims, 'ver', claims['ver'] === '1.0' ? '2.0' : '1.0');
  }),
  entra('ver replaced', ({ claims }, { random }) =>
    set(claims, 'ver', random.pick([undefined, 2, '2', '1', '3.0', null, ' 2.0', ''])),
  ),
  entra('client named as the other version does', ({ claims }) => {
    const [has, lacks] = claims['azp'] === undefined ? ['appid', 'azp'] : ['azp', 'appid'];
    const client = claims[has];
    return set(claims, has, undefined) && set(claims, lacks, client);
  }),
];

/** Which genuine tokens are wanted: kinds, accounts, clients, permissions, step-up. */
const ACCEPTANCE_FAULTS: readonly DraftMutation[] = [
  entra('idtyp replaced', ({ claims }, { random }) =>
    set(claims, 'idtyp', random.pick([undefined, 'app', 'user', 'device', 'App', '', 'other'])),
  ),
  entra('scp replaced', ({ claims }, { random }) =>
    set(
      claims,
      'scp',
      random.pick([
        undefined,
        '',
        'access_as_user',
        'Access_as_user',
        'access_as_userx',
        'x access_as_user',
        'Orders.Read',
        'api://orders/access_as_user',
        'a,access_as_user',
        'access_as_user\tx',
      ]),
    ),
  ),
  entra('roles replaced', ({ claims }, { random }) =>
    set(
      claims,
      'roles',
      random.pick([
        undefined,
        [],
        [''],
        ['Orders.Read'],
        ['orders.read.all'],
        ['Report.Reader'],
        ['Orders.Read.All'],
        ['Orders.Read.All Report.Reader'],
      ]),
    ),
  ),
  entra('guest', ({ claims }, { random }) => {
    if (random.chance(0.5)) return set(claims, 'acct', random.pick([1, 0, '0', '1', null, 2, false]));
    return set(
      claims,
      'idp',
      random.pick(['live.com', 'https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/', String(claims['iss']), '', null]),
    );
  }),
  entra('agent', ({ claims }, { random }) =>
    set(claims, random.pick(['xms_act_fct', 'xms_sub_fct', 'xms_par_app_azp']), random.pick(['11', '', null, STRANGER])),
  ),
  entra('how the client authenticated', ({ claims }, { random }) =>
    set(
      claims,
      claims['ver'] === '1.0' ? 'appidacr' : 'azpacr',
      random.pick([undefined, '0', '1', '2', '3', '', 1, '10', 'toString']),
    ),
  ),
  entra('authentication context', ({ claims }, { random }) =>
    set(claims, 'acrs', random.pick([undefined, 'c1', ['c2'], ['C1'], [], 'c1 c2', ['c2', 'c1'], { c1: true }, 'c10', [['c1']]])),
  ),
  entra('client in capitals', ({ claims }) => {
    const name = claims['azp'] === undefined ? 'appid' : 'azp';
    return set(claims, name, String(claims[name]).toUpperCase());
  }),
  entra('both names of the client', ({ claims }, { random }) =>
    set(claims, claims['azp'] === undefined ? 'azp' : 'appid', random.pick([STRANGER, 'x', ''])),
  ),
  entra('aud of the other version, or several', ({ claims }, { random }) =>
    set(claims, 'aud', random.pick([API_URI, [API], [API, API_URI], [API_URI]])),
  ),
  entra(
    'software without roles',
    ({ claims }, { random }) => claims['scp'] === undefined && set(claims, 'roles', random.pick([undefined, []])),
  ),
  entra('no object', ({ claims }) => set(claims, 'oid', undefined)),
  entra('another object', ({ claims }) => set(claims, 'oid', '77aa0000-1111-4222-8333-444455556666')),
  entra('policy', ({ claims }, { random }) =>
    set(claims, 'tfp', random.pick([undefined, 'B2C_1_susi', 'b2c_1_susi', 'B2C_1_other', null, ''])),
  ),
  entra('for another service of Microsoft', ({ claims }, { random }) =>
    set(
      claims,
      'aud',
      random.pick([
        '00000003-0000-0000-c000-000000000000',
        'https://graph.microsoft.com',
        'https://graph.microsoft.us/',
        'https://management.azure.com/',
        'https://vault.azure.net',
        'api://AzureADTokenExchange',
        'api://AzureADTokenExchangeUSGov',
        'https://graph.microsoft.com//',
      ]),
    ),
  ),
  entra('header of Microsoft Graph', ({ header }, { random }) => set(header, 'nonce', random.pick(['8Fh', '', null]))),
  entra('life of days', ({ claims }, { random }) =>
    set(claims, 'exp', Number(claims['iat']) + random.pick([100_800, 100_801, 200_000])),
  ),
];

const OIDC_FAULTS: readonly DraftMutation[] = [
  oidc('marker away', (draft, { random }) => edit(draft, oidcOf(draft).markerClaims, random.pick([undefined, null, '', 0]))),
  oidc('claim of the identity', (draft, { random }) => {
    const { identityClaims } = oidcOf(draft);
    return edit(
      draft,
      [random.pick(identityClaims)],
      random.pick([undefined, null, '', 7, ['x'], {}, 'a\u0007', 'x'.repeat(1_025)]),
    );
  }),
  oidc('condition not met', (draft, { random }) => {
    const { conditions } = oidcOf(draft);
    if (conditions.length === 0) return false;
    return edit(
      draft,
      [random.pick(conditions).claim],
      random.pick([undefined, null, 'x', '1342004 ', 1342004, ['1342004'], 'true', 1, false, '']),
    );
  }),
  oidc('claim of the client', (draft, { random }) => {
    const { presenterClaims } = oidcOf(draft);
    if (presenterClaims.length === 0) return false;
    return edit(draft, [random.pick(presenterClaims)], random.pick([7, null, ['x'], {}, STRANGER, '']));
  }),
  oidc('nested claim cut short', ({ claims }, { random }) =>
    set(claims, random.pick(['realm', 'repository', 'app']), random.pick([null, 'x', [], ['groups'], 1, {}])),
  ),
];

function oidcOf({ from }: Draft): OidcWorldIssuer {
  if (from.issuer.provider !== 'oidc') throw new Error('This mutation is for OIDC issuers.');
  return from.issuer;
}

function edit({ claims }: Draft, selectors: readonly Selector[], value: unknown): boolean {
  const [selector] = selectors;
  return selector !== undefined && place(claims, selector, value);
}

const IDENTITY_FAULTS: readonly DraftMutation[] = [
  entra('oid not a GUID', ({ claims }, { random }) => set(claims, 'oid', random.pick(NOT_GUIDS))),
  entra('text of another type', ({ claims }, { random }) =>
    set(claims, random.pick(['appid', 'azp', 'scp', 'idtyp']), random.pick([1, null, ['access_as_user'], {}, true])),
  ),
  entra('roles or groups of another type', ({ claims }, { random }) =>
    set(claims, random.pick(['roles', 'groups']), random.pick(NOT_TEXTS)),
  ),
  entra('claims of an ID token', ({ claims }) => {
    for (const name of ['azpacr', 'appidacr', 'scp']) set(claims, name, undefined);
    return set(claims, 'preferred_username', 'ida@contoso.com');
  }),
  oidc('mapped claim of another type', ({ claims, from }, { random }) => {
    if (from.issuer.provider !== 'oidc') return false;
    return place(claims, random.pick([from.issuer.claims.roles, from.issuer.claims.groups]), random.pick(NOT_TEXTS));
  }),
  oidc('typ ID among the claims', ({ claims }) => set(claims, 'typ', 'ID')),
];

/** Faults that only tokens of one kind of provider can have. */
export const PROVIDER_FAULTS: readonly (readonly DraftMutation[])[] = [
  DIRECTORY_FAULTS,
  VERSION_FAULTS,
  IDENTITY_FAULTS,
  ACCEPTANCE_FAULTS,
  ACCEPTANCE_FAULTS,
  OIDC_FAULTS,
];
