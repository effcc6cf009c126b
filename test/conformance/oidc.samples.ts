import { API_URI, OIDC_ISSUER, oidcIssuer } from '../vectors/stub.issuer.access.js';
import type { AccessSample, IdentityProviderSamples } from './identity-provider.samples.js';

const TIMES = { iat: 1_790_000_000, exp: 1_790_004_000 };
const HEADER = { typ: 'at+jwt', alg: 'ES256', kid: 'k' };
const OTHER_ISSUER = 'https://idp.example/realms/other';
const issuer = oidcIssuer();
const pipelines = oidcIssuer({
  name: 'pipelines',
  issuer: 'https://ci.example',
  acceptedTypes: ['JWT'],
  identityClaims: ['owner_id', 'repository_id'],
  presenterClaims: ['repository_id'],
  kind: 'workload',
});

const COMMON = { issuer, header: HEADER, roles: [], groups: [], groupsOverage: false } as const;
const CLAIMS = { iss: OIDC_ISSUER, aud: API_URI, ...TIMES };
const PIPELINE = { ...CLAIMS, iss: 'https://ci.example', owner_id: '1', repository_id: '23' };

const ACCESS: readonly AccessSample[] = [
  {
    ...COMMON,
    title: 'token of a user',
    claims: {
      ...CLAIMS,
      sub: 'alice',
      client_id: 'spa',
      jti: 'j',
      roles: ['clerk'],
      groups: ['finance'],
      email: 'alice@example.com',
    },
    kind: 'user',
    presenter: 'spa',
    subject: 'alice',
    roles: ['clerk'],
    groups: ['finance'],
  },
  {
    ...COMMON,
    title: 'token of the same user by another client, groups elsewhere',
    claims: { ...CLAIMS, sub: 'alice', azp: 'mobile', _claim_names: { groups: 'src1' } },
    kind: 'user',
    presenter: 'mobile',
    subject: 'alice',
    groupsOverage: true,
  },
  {
    ...COMMON,
    title: 'token of a service',
    claims: { ...CLAIMS, sub: 'worker', client_id: 'worker' },
    kind: 'workload',
    presenter: 'worker',
    subject: 'worker',
  },
  {
    ...COMMON,
    title: 'the same sub at another issuer',
    issuer: oidcIssuer({ name: 'other', issuer: OTHER_ISSUER }),
    claims: { ...CLAIMS, iss: OTHER_ISSUER, sub: 'alice', client_id: 'spa' },
    kind: 'user',
    presenter: 'spa',
    subject: 'alice elsewhere',
  },
  {
    ...COMMON,
    title: 'pipeline of a repository',
    issuer: pipelines,
    header: { ...HEADER, typ: 'JWT' },
    claims: { ...PIPELINE, sub: 'repo:acme/app' },
    kind: 'workload',
    presenter: '23',
    subject: 'repository 23',
  },
  {
    ...COMMON,
    title: 'pipeline of the repository after it was renamed',
    issuer: pipelines,
    header: { ...HEADER, typ: 'JWT' },
    claims: { ...PIPELINE, sub: 'repo:acme/renamed' },
    kind: 'workload',
    presenter: '23',
    subject: 'repository 23',
  },
  {
    ...COMMON,
    title: 'pipeline whose ids are the same digits, divided otherwise',
    issuer: pipelines,
    header: { ...HEADER, typ: 'JWT' },
    claims: { ...PIPELINE, owner_id: '12', repository_id: '3', sub: 'repo:acme/app' },
    kind: 'workload',
    presenter: '3',
    subject: 'repository 3',
  },
];

/** Any OpenID Connect or RFC 9068 issuer. */
export const OIDC_SAMPLES: IdentityProviderSamples = {
  access: ACCESS,
  refused: [
    { title: 'ID token by its claims', issuer, header: HEADER, claims: { ...CLAIMS, sub: 'alice', typ: 'ID' } },
    { title: 'ID token with a nonce', issuer, header: HEADER, claims: { ...CLAIMS, sub: 'alice', nonce: 'n' } },
    { title: 'ID token by its type', issuer, header: { ...HEADER, typ: 'JWT' }, claims: { ...CLAIMS, sub: 'alice' } },
    {
      title: 'token of another issuer',
      issuer,
      header: HEADER,
      claims: { ...CLAIMS, iss: `${OIDC_ISSUER}/`, sub: 'alice', client_id: 'spa' },
    },
  ],
  foreign: [
    { title: 'an iss that is no URL', header: HEADER, claims: { iss: 'kubernetes/serviceaccount', sub: 'x' } },
    { title: 'no token', header: {}, claims: {} },
  ],
  requiredClaims: ['iss'],
  mappedClaims: ['roles', 'groups'],
  presenterTwins: [['client_id', 'azp']],
  unsupported: {},
};
