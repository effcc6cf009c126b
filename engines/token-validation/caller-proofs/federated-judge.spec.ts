import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientAuthentication, RegisteredClient } from '#accessors/registration/contract.js';
import { createEntraIdIdentityProvider } from '#engines/token-validation/providers/entra-id.identity-provider.js';
import { createOidcIdentityProvider } from '#engines/token-validation/providers/oidc.identity-provider.js';
import {
  API,
  API_URI,
  CLIENT,
  DIRECTORY,
  entraIssuer,
  oidcIssuer,
  StubIssuerAccess,
  V1_ISSUER,
} from '../../../test/vectors/stub.issuer.access.js';
import { makeKey, signedToken, verificationKey, type TestKey } from '../../../test/vectors/token-factory.js';
import { CONTEXT, OWN_ISSUER } from '../../../test/vectors/validation-bench.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { GITHUB_ACTIONS_PRESET } from '../presets/github-actions.preset.js';
import { KUBERNETES_PRESET } from '../presets/kubernetes.preset.js';
import { SPIFFE_PRESET } from '../presets/spiffe.preset.js';
import { DefaultCallerProofs } from './default.caller-proofs.js';

const AUDIENCE = 'https://auth.example.com/clients';
const CLUSTER = 'https://cluster.example';
const GITHUB = 'https://token.actions.githubusercontent.com';
const SPIRE = 'https://spire.example';
const UID = '7e1f0a9c-0000-4000-8000-000000000001';
const IDENTITY = '9b1d0000-1111-4222-8333-444455556666';

type Json = Readonly<Record<string, unknown>>;
type Entry = ClientAuthentication['federated'][number];

const key = makeKey('RS256', 'issuer-1');
const evil = makeKey('RS256', 'issuer-1');

const entry = (issuer: string, subject: string, audience = AUDIENCE): Entry => ({ issuer, subject, audience });

function client(...federated: readonly Entry[]): RegisteredClient {
  const authentication = { methods: ['federated'], keys: [], certificates: [], certificateName: null, federated } as const;
  return { clientId: 'orders', authentication, ownPresenters: [], listedPresenters: [], apiAudiences: [], targets: [] };
}

describe('A token of a trusted issuer in the place of a secret', () => {
  let issuers: StubIssuerAccess;
  let clock: ManualClock;
  let proofs: DefaultCallerProofs;

  beforeEach(() => {
    clock = new ManualClock();
    const conditions = [{ claim: 'repository_owner_id', oneOf: ['77'] }];
    issuers = new StubIssuerAccess()
      .trust(oidcIssuer({ ...KUBERNETES_PRESET.defaults, name: 'cluster', issuer: CLUSTER }), CLUSTER, [verificationKey(key)])
      .trust(oidcIssuer({ ...GITHUB_ACTIONS_PRESET.defaults, name: 'github', issuer: GITHUB, conditions }), GITHUB, [
        verificationKey(key),
      ])
      .trust(oidcIssuer({ ...SPIFFE_PRESET.defaults, name: 'spire', issuer: SPIRE }), SPIRE, [verificationKey(key)])
      .trust(entraIssuer(), V1_ISSUER, [verificationKey(key)]);
    proofs = new DefaultCallerProofs({
      issuerAccess: issuers,
      providers: [createEntraIdIdentityProvider(), createOidcIdentityProvider()],
      clock,
      ownIssuer: OWN_ISSUER,
    });
  });

  const now = (): number => clock.now() / 1000;
  const times = (): Json => ({ iat: now() - 60, nbf: now() - 60, exp: now() + 3600 });
  const token = (claims: Json, header: Json = {}, signer: TestKey = key): string =>
    signedToken({ alg: 'RS256', kid: key.kid, ...header }, { ...times(), ...claims }, signer);
  const account = (changes: Json = {}): Json => ({
    iss: CLUSTER,
    sub: 'system:serviceaccount:prod:orders',
    aud: [AUDIENCE],
    'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'orders', uid: UID } },
    ...changes,
  });
  const judged = async (text: string, of = client(entry('cluster', UID))): Promise<string> => {
    const verdict = await proofs.judgeFederated(CONTEXT, of, text);
    return verdict.accepted ? verdict.issuer : verdict.code;
  };
  const REFUSED = 'CLIENT_ASSERTION_INVALID';

  it('of a Kubernetes service account stands for the client that names its uid', async () => {
    expect(await judged(token(account()))).toBe('cluster');
    expect(await judged(token(account({ aud: AUDIENCE })))).toBe('cluster');
  });

  it('of a workflow of GitHub stands for the client that names its owner and repository by their ids', async () => {
    const workflow = {
      iss: GITHUB,
      sub: 'repo:acme/orders:ref:refs/heads/main',
      aud: AUDIENCE,
      repository_owner_id: '77',
      repository_id: '88',
      run_id: '1',
    };
    const of = client(entry('github', '77:88'));
    expect(await judged(token(workflow, { typ: 'JWT' }), of)).toBe('github');
    expect(await judged(token({ ...workflow, repository_id: '89' }, { typ: 'JWT' }), of)).toBe(REFUSED);
    expect(
      await judged(token({ ...workflow, repository_owner_id: '78' }, { typ: 'JWT' }), client(entry('github', '78:88'))),
    ).toBe(REFUSED);
  });

  it('of SPIFFE stands for the client that names its id', async () => {
    const svid = { iss: SPIRE, sub: 'spiffe://prod/orders', aud: [AUDIENCE] };
    expect(await judged(token(svid), client(entry('spire', 'spiffe://prod/orders')))).toBe('spire');
    expect(await judged(token({ ...svid, sub: 'spiffe://prod/orders2' }), client(entry('spire', 'spiffe://prod/orders')))).toBe(
      REFUSED,
    );
  });

  it('of a managed identity of Entra stands for the client that names its object id', async () => {
    const app = 'api://countersign-clients';
    const identity = {
      iss: V1_ISSUER,
      tid: DIRECTORY,
      ver: '1.0',
      oid: IDENTITY,
      sub: IDENTITY,
      appid: CLIENT,
      appidacr: '2',
      idtyp: 'app',
      aud: app,
      roles: ['Client'],
    };
    const of = client(entry('contoso', IDENTITY, app));
    expect(await judged(token(identity, { typ: 'JWT' }), of)).toBe('contoso');
    expect(await judged(token({ ...identity, oid: CLIENT, sub: CLIENT }, { typ: 'JWT' }), of)).toBe(REFUSED);
    const person = { ...identity, idtyp: 'user', scp: 'access', roles: undefined };
    expect(await judged(token(person, { typ: 'JWT' }), of)).toBe(REFUSED);
  });

  it.each<[string, Json]>([
    [
      'another account',
      { 'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'orders', uid: UID.replace('1', '2') } } },
    ],
    [
      'the name of the account where its uid is expected',
      { 'kubernetes.io': { serviceaccount: { uid: 'system:serviceaccount:prod:orders' } } },
    ],
    ['no uid', { 'kubernetes.io': {} }],
    ['another audience', { aud: ['https://kubernetes.default.svc'] }],
    ['more than one audience', { aud: [AUDIENCE, 'https://other.example'] }],
    ['no audience', { aud: [] }],
    ['a key that it is bound to', { cnf: { jkt: 'thumbprint' } }],
    ['an end that has come', { exp: 1 }],
    ['a beginning that has not come', { nbf: 8_000_000_000, exp: 8_000_000_100 }],
    ['a sign of an ID token', { nonce: 'n' }],
  ])('is refused with %s', async (_name, changes) => {
    expect(await judged(token(account(changes)))).toBe(REFUSED);
  });

  it('is refused from its end on, to the second', async () => {
    const began = { iat: now() - 600, nbf: now() - 600 };
    expect(await judged(token(account({ ...began, exp: now() + 31 })))).toBe('cluster');
    expect(await judged(token(account({ ...began, exp: now() })))).toBe(REFUSED);
  });

  it('is refused where it is too old, also if it has not ended', async () => {
    expect(await judged(token(account({ iat: now() - 90_000, nbf: now() - 90_000 })))).toBe(REFUSED);
  });

  it.each<[string, Json, TestKey]>([
    ['a key of somebody else', {}, evil],
    ['another algorithm', { alg: 'PS256' }, { ...key, algorithm: 'PS256' }],
    ['our own type', { typ: 'at+jwt' }, key],
    ['the type of a proof', { typ: 'dpop+jwt' }, key],
    ['a key in its header', { jwk: evil.publicJwk }, evil],
  ])('is refused with %s', async (_name, header, signer) => {
    expect(await judged(token(account(), header, signer))).toBe(REFUSED);
  });

  it('is refused of an issuer that the client does not name, of an unknown one and of ourselves, and no key is looked for', async () => {
    expect(await judged(token(account()), client(entry('spire', UID)))).toBe(REFUSED);
    expect(await judged(token(account()), client())).toBe(REFUSED);
    expect(await judged(token(account({ iss: 'https://evil.example' })))).toBe(REFUSED);
    expect(await judged(token(account({ iss: OWN_ISSUER })))).toBe(REFUSED);
    expect(await judged(token(account({ aud: 'other' })))).toBe(REFUSED);
    expect(issuers.keyLookups).toEqual([]);
  });

  it('is refused with an audience that subject tokens of its issuer have, although it is registered so', async () => {
    expect(await judged(token(account({ aud: API_URI })), client(entry('cluster', UID, API_URI)))).toBe(REFUSED);
    expect(await judged(token(account({ aud: API })), client(entry('cluster', UID, API)))).toBe('cluster');
  });

  it('is nobody’s fault while its issuer does not answer', async () => {
    issuers.unavailable = true;
    await expect(proofs.judgeFederated(CONTEXT, client(entry('cluster', UID)), token(account()))).rejects.toMatchObject({
      code: 'ISSUER_KEYS_UNAVAILABLE',
      details: { retryAfterSeconds: 17 },
    });
  });

  it('may be used again until it ends', async () => {
    const text = token(account());
    expect([await judged(text), await judged(text)]).toEqual(['cluster', 'cluster']);
  });
});
