import { API, API_URI, CLIENT, DIRECTORY, OBJECT, V1_ISSUER, V2_ISSUER, entraIssuer } from '../vectors/stub.issuer.access.js';
import type { AccessSample, IdentityProviderSamples } from './identity-provider.samples.js';

const TIMES = { iat: 1_790_000_000, nbf: 1_790_000_000, exp: 1_790_004_000 };
const APPLICATION = '55aa0000-1111-4222-8333-444455556666';
const HEADER = { typ: 'JWT', alg: 'RS256', kid: 'k' };
const GROUPS = ['0b1d0000-1111-4222-8333-444455556666'];
const issuer = entraIssuer();

const COMMON = { issuer, header: HEADER, presenter: CLIENT, roles: [], groups: [], groupsOverage: false } as const;
const V2 = { aud: API, iss: V2_ISSUER, ...TIMES, azp: CLIENT, azpacr: '1', tid: DIRECTORY, ver: '2.0' };
const V1 = { aud: API_URI, iss: V1_ISSUER, ...TIMES, appid: CLIENT, appidacr: '1', tid: DIRECTORY, ver: '1.0' };
const USER = { oid: OBJECT, sub: 'pairwise', scp: 'access_as_user' };
const SOFTWARE = { oid: APPLICATION, sub: APPLICATION, roles: ['Orders.Read.All'] };

const ACCESS: readonly AccessSample[] = [
  {
    ...COMMON,
    title: 'v2 token of a user',
    claims: { ...V2, ...USER, roles: ['Report.Reader'], groups: GROUPS, preferred_username: 'ida@contoso.com', name: 'Ida Ng' },
    kind: 'user',
    subject: 'ida',
    roles: ['Report.Reader'],
    groups: GROUPS,
  },
  {
    ...COMMON,
    title: 'v1 token of the same user for another application, groups left out',
    claims: {
      ...V1,
      ...USER,
      oid: OBJECT.toUpperCase(),
      sub: 'another-pairwise',
      upn: 'ida@contoso.com',
      _claim_names: { groups: 'src1' },
    },
    kind: 'user',
    subject: 'ida',
    groupsOverage: true,
  },
  {
    ...COMMON,
    title: 'implicit token of the same user, groups left out',
    claims: { ...V2, ...USER, hasgroups: true },
    kind: 'user',
    subject: 'ida',
    groupsOverage: true,
  },
  {
    ...COMMON,
    title: 'v2 token of an application',
    claims: { ...V2, ...SOFTWARE, idtyp: 'app' },
    kind: 'workload',
    subject: 'application',
    roles: ['Orders.Read.All'],
  },
  {
    ...COMMON,
    title: 'v1 token of the same application without idtyp',
    claims: { ...V1, ...SOFTWARE },
    kind: 'workload',
    subject: 'application',
    roles: ['Orders.Read.All'],
  },
  {
    ...COMMON,
    title: 'the same object in a directory of another cloud',
    issuer: entraIssuer({
      name: 'gov',
      cloud: { name: 'usgov', loginBase: 'https://login.microsoftonline.us', v1IssuerBase: 'https://sts.windows.net' },
    }),
    claims: { ...V2, ...USER, iss: `https://login.microsoftonline.us/${DIRECTORY}/v2.0` },
    kind: 'user',
    subject: 'ida of another cloud',
  },
];

/** Microsoft Entra ID as its references describe it; shapes as in the access token claims reference. */
export const ENTRA_SAMPLES: IdentityProviderSamples = {
  access: ACCESS,
  refused: [
    {
      title: 'ID token',
      issuer,
      header: HEADER,
      claims: {
        ...TIMES,
        aud: CLIENT,
        iss: V2_ISSUER,
        oid: OBJECT,
        sub: 'p',
        tid: DIRECTORY,
        ver: '2.0',
        preferred_username: 'ida@contoso.com',
      },
    },
    {
      title: 'ID token with a nonce',
      issuer,
      header: HEADER,
      claims: { ...TIMES, aud: CLIENT, iss: V2_ISSUER, oid: OBJECT, sub: 'p', tid: DIRECTORY, ver: '2.0', nonce: 'n' },
    },
    {
      title: 'token for Microsoft Graph',
      issuer,
      header: { ...HEADER, nonce: 'n' },
      claims: { ...V1, ...USER, aud: '00000003-0000-0000-c000-000000000000' },
    },
  ],
  foreign: [
    {
      title: 'a token of another OpenID Connect issuer',
      header: { typ: 'at+jwt' },
      claims: { iss: 'https://idp.example', sub: 'alice', aud: API_URI, client_id: 'spa', ...TIMES },
    },
    {
      title: 'a token that only says a version',
      header: HEADER,
      claims: { iss: 'https://idp.example', sub: 'alice', ver: '2.0' },
    },
    { title: 'no token', header: {}, claims: {} },
  ],
  requiredClaims: ['tid', 'oid', 'ver'],
  mappedClaims: ['roles', 'groups'],
  presenterTwins: [],
  unsupported: { 'presenter-conflict': 'each version has one claim for the client' },
};
