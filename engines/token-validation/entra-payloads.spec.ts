import { describe, expect, it } from '@jest/globals';
import { ENTRA_DEFAULTS, type EntraAcceptance, type EntraIssuer } from '#accessors/issuer/contract.js';
import { API, CLIENT, DIRECTORY, OIDC_ISSUER, V1_ISSUER, V2_ISSUER, entraIssuer } from '../../test/vectors/stub.issuer.access.js';
import { signedToken, verificationKey } from '../../test/vectors/token-factory.js';
import { ValidationBench } from '../../test/vectors/validation-bench.js';
import type { Finding, Principal } from './contract.js';

type Json = Readonly<Record<string, unknown>>;

const API_URI = `api://${API}`;
const USER = '9b1d0000-52f0-4c2e-8a35-5d1a0f6b7c88';
const APPLICATION = '55aa0000-52f0-4c2e-8a35-5d1a0f6b7c88';
const MANAGED = '88cc0000-52f0-4c2e-8a35-5d1a0f6b7c88';
const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';
const PERSONAL_ISSUER = `https://login.microsoftonline.com/${PERSONAL}/v2.0`;
const PARTNER = 'https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/';
const B2C_ISSUER = `https://contoso.b2clogin.com/${DIRECTORY}/v2.0/`;
const CUSTOMER_ISSUER = `https://${DIRECTORY}.ciamlogin.com/${DIRECTORY}/v2.0`;

/** Times of a token that was issued a minute ago and lives as long as the original did. */
function times(bench: ValidationBench, seconds: number): Json {
  return { iat: bench.now - 60, nbf: bench.now - 60, exp: bench.now - 60 + seconds };
}

function accepting(changes: Partial<EntraAcceptance>): Partial<EntraIssuer> {
  return { audiences: [API, API_URI], acceptance: { ...ENTRA_DEFAULTS.acceptance, ...changes } };
}

function benchOf(entra: Partial<EntraIssuer> = { audiences: [API, API_URI] }): ValidationBench {
  const bench = new ValidationBench({ entra });
  bench.presenter = { ownPresenters: [], listedPresenters: [], apiAudiences: audiencesAt('contoso', 'keycloak') };
  return bench;
}

function audiencesAt(...issuers: readonly string[]): { issuer: string; id: string }[] {
  return issuers.flatMap((issuer) => [API, API_URI].map((id) => ({ issuer, id })));
}

function trustAt(bench: ValidationBench, iss: string, changes: Partial<EntraIssuer>): void {
  bench.trust(entraIssuer({ audiences: [API], ...changes }), iss, [verificationKey(bench.keys.entra)]);
}

function tokenOf(bench: ValidationBench, claims: Json, header: Json = {}): string {
  return signedToken({ typ: 'JWT', alg: 'RS256', kid: bench.keys.entra.kid, ...header }, claims, bench.keys.entra);
}

async function accepted(bench: ValidationBench, claims: Json): Promise<Principal> {
  const report = await bench.validate(tokenOf(bench, claims));
  if (report.outcome === 'accepted') return report.principal;
  throw new Error(`${report.findings[0].code}: ${report.findings[0].actual}`);
}

async function refused(bench: ValidationBench, claims: Json, header: Json = {}): Promise<Finding> {
  const report = await bench.validate(tokenOf(bench, claims, header));
  if (report.outcome === 'rejected') return report.findings[0];
  throw new Error('The token was accepted.');
}

const v1Delegated = (bench: ValidationBench): Json => ({
  aud: API_URI,
  iss: V1_ISSUER,
  ...times(bench, 4711),
  acr: '1',
  aio: 'x',
  amr: ['pwd', 'mfa'],
  appid: CLIENT,
  appidacr: '0',
  family_name: 'Ng',
  given_name: 'Ida',
  ipaddr: '203.0.113.9',
  name: 'Ida Ng',
  oid: USER,
  rh: 'x',
  scp: 'user_impersonation',
  sub: 'pw1',
  tid: DIRECTORY,
  unique_name: 'ida@contoso.example',
  upn: 'ida@contoso.example',
  uti: 'Qx',
  ver: '1.0',
});

const v2Delegated = (bench: ValidationBench): Json => ({
  aud: API,
  iss: V2_ISSUER,
  ...times(bench, 4502),
  aio: 'x',
  azp: CLIENT,
  azpacr: '0',
  name: 'Ida Ng',
  oid: USER,
  preferred_username: 'ida@contoso.example',
  rh: 'x',
  roles: ['Report.Reader'],
  scp: 'access_as_user Orders.Read',
  sub: 'pw1',
  tid: DIRECTORY,
  uti: 'Rz',
  ver: '2.0',
});

const v2AppOnly = (bench: ValidationBench): Json => ({
  aud: API,
  iss: V2_ISSUER,
  ...times(bench, 3900),
  aio: 'x',
  azp: CLIENT,
  azpacr: '2',
  idtyp: 'app',
  oid: APPLICATION,
  sub: APPLICATION,
  roles: ['Orders.Read.All'],
  rh: 'x',
  tid: DIRECTORY,
  uti: 'Sw',
  ver: '2.0',
});

const guest = (bench: ValidationBench): Json => ({
  aud: API_URI,
  iss: V1_ISSUER,
  ...times(bench, 3600),
  idp: PARTNER,
  altsecid: '5::1003',
  acct: 1,
  appid: CLIENT,
  appidacr: '1',
  email: 'kim@partner.example',
  unique_name: 'kim@partner.example',
  name: 'Kim',
  oid: USER,
  scp: 'user_impersonation',
  sub: 'pw2',
  tid: DIRECTORY,
  ver: '1.0',
});

describe('The payloads of Entra', () => {
  it('v1 delegated: a user, with acr and amr', async () => {
    expect(await accepted(benchOf(), v1Delegated(benchOf()))).toMatchObject({
      kind: 'user',
      identity: { instance: `entra:public:${DIRECTORY}`, externalId: USER },
      acr: '1',
      amr: ['pwd', 'mfa'],
      roles: [],
    });
  });

  it('v2 delegated: the same user, with roles', async () => {
    expect(await accepted(benchOf(), v2Delegated(benchOf()))).toMatchObject({
      kind: 'user',
      identity: { instance: `entra:public:${DIRECTORY}`, externalId: USER },
      acr: null,
      roles: ['Report.Reader'],
    });
  });

  it('v2 app-only: a workload', async () => {
    const bench = benchOf();
    const workload = { kind: 'workload', identity: { externalId: APPLICATION }, roles: ['Orders.Read.All'] };
    expect(await accepted(bench, v2AppOnly(bench))).toMatchObject(workload);
    const { idtyp: _idtyp, ...unproven } = v2AppOnly(bench);
    expect(await accepted(bench, unproven)).toMatchObject(workload);
    expect(await refused(benchOf(accepting({ strictIdtyp: true })), unproven)).toMatchObject({
      check: 'entra-kind',
      code: 'TOKEN_KIND_NOT_ACCEPTED',
      remedy: expect.stringContaining('idtyp'),
    });
  });

  it('managed identity: a workload for a day, and no longer than Entra lets a token live', async () => {
    const bench = benchOf();
    const claims = {
      ...v1Delegated(bench),
      ...times(bench, 86_700),
      appid: '77bb0000-52f0-4c2e-8a35-5d1a0f6b7c88',
      appidacr: '2',
      idp: V1_ISSUER,
      idtyp: 'app',
      oid: MANAGED,
      sub: MANAGED,
      scp: undefined,
      roles: ['Orders.Read.All'],
      xms_mirid: '/subscriptions/s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders-mi',
    };
    expect(await accepted(bench, claims)).toMatchObject({ kind: 'workload', identity: { externalId: MANAGED } });
    expect(await refused(bench, { ...claims, exp: bench.now - 60 + 28 * 3600 + 1 })).toMatchObject({ check: 'entra-lifetime' });
  });

  it('workload identity federation: the external assertion is for Entra, the token that comes back is for us', async () => {
    const bench = benchOf();
    const assertion = { iss: 'https://token.actions.githubusercontent.com', sub: 'repo:contoso/app:environment:prod' };
    const finding = await refused(bench, { ...assertion, aud: 'api://AzureADTokenExchange', exp: bench.now + 300 });
    expect(finding).toMatchObject({
      code: 'TOKEN_FOR_OTHER_RESOURCE',
      remedy: expect.stringContaining('Exchange it there'),
    });
    const trusted = bench.oidcToken({ aud: 'api://AzureADTokenExchange' });
    expect(await bench.verdict(trusted)).toBe('TOKEN_FOR_OTHER_RESOURCE');
    expect(await accepted(bench, { ...v2AppOnly(bench), roles: ['Deploy'] })).toMatchObject({ roles: ['Deploy'] });
  });

  it('guest: a user of the directory that invited, or refused where guests are', async () => {
    const bench = benchOf();
    expect(await accepted(bench, guest(bench))).toMatchObject({ identity: { externalId: USER } });
    for (const changes of [{}, { acct: undefined }, { idp: undefined }, { acct: undefined, idp: 'live.com' }]) {
      expect(await refused(benchOf(accepting({ guests: false })), { ...guest(bench), ...changes })).toMatchObject({
        check: 'entra-account',
        code: 'TOKEN_GUEST_REFUSED',
      });
    }
  });

  it('Azure AD B2C: one policy, with its slash, its nonce and its odd version', async () => {
    const bench = benchOf();
    const hosting = { flavour: 'b2c', base: 'https://contoso.b2clogin.com', policy: 'B2C_1_susi', issuer: B2C_ISSUER } as const;
    trustAt(bench, B2C_ISSUER, { hosting });
    const claims = {
      aud: API,
      iss: B2C_ISSUER,
      azp: CLIENT,
      scp: 'read',
      tfp: 'B2C_1_susi',
      sub: USER,
      nonce: 'n',
      ver: '1.0',
      ...times(bench, 3600),
    };
    expect(await accepted(bench, claims)).toMatchObject({
      kind: 'user',
      identity: { instance: `entra:public:${DIRECTORY}`, externalId: USER },
    });
    for (const other of ['B2C_1_reset', 'b2c_1_susi', '', undefined, ['B2C_1_susi']])
      expect(await refused(bench, { ...claims, tfp: other })).toMatchObject({ code: 'TOKEN_TENANT_MISMATCH' });
    expect(await accepted(bench, { ...claims, tfp: undefined, acr: 'B2C_1_susi' })).toMatchObject({ kind: 'user' });
    const sentence = { ...claims, sub: 'Not supported currently. Use oid claim.' };
    expect(await refused(bench, sentence)).toMatchObject({ check: 'entra-identity', remedy: expect.stringContaining('sub') });
    expect(await accepted(bench, { ...sentence, oid: USER })).toMatchObject({ identity: { externalId: USER } });
    expect(await refused(bench, { ...claims, oid: APPLICATION })).toMatchObject({ code: 'TOKEN_CLAIM_INVALID' });
    expect(await refused(bench, { ...claims, scp: undefined })).toMatchObject({ code: 'TOKEN_IS_ID_TOKEN' });
  });

  it('External ID: the issuer whose host is the directory', async () => {
    const bench = benchOf();
    const hosting = { flavour: 'external-id', base: 'https://contoso.ciamlogin.com', issuer: CUSTOMER_ISSUER } as const;
    trustAt(bench, CUSTOMER_ISSUER, { hosting });
    const claims = { ...v2Delegated(bench), iss: CUSTOMER_ISSUER };
    expect(await accepted(bench, claims)).toMatchObject({ identity: { externalId: USER } });
    expect(await refused(bench, { ...claims, tid: PERSONAL })).toMatchObject({ code: 'TOKEN_TENANT_MISMATCH' });
    expect(await refused(bench, { ...claims, ver: '1.0' })).toMatchObject({ check: 'entra-version' });
  });

  it('ID token: named as such, whatever else is wrong with it', async () => {
    const bench = benchOf();
    const claims = {
      aud: CLIENT,
      iss: V2_ISSUER,
      nonce: '12345',
      c_hash: 'x',
      name: 'Ida Ng',
      oid: USER,
      preferred_username: 'ida@contoso.example',
      sub: 'pw1',
      tid: DIRECTORY,
      ver: '2.0',
      ...times(bench, 3600),
    };
    for (const header of [{}, { kid: 'of another authority' }, { alg: 'PS256' }])
      expect(await refused(bench, claims, header)).toMatchObject({ check: 'purpose', code: 'TOKEN_IS_ID_TOKEN' });
    expect(bench.issuerAccess.keyLookups).toEqual([]);
  });

  it('Graph token: known by its nonce and by its audience, also from a directory that is not trusted', async () => {
    const bench = benchOf();
    const claims = {
      ...v1Delegated(bench),
      aud: '00000003-0000-0000-c000-000000000000',
      app_displayname: 'My SPA',
      idtyp: 'user',
      scp: 'User.Read profile openid email',
      wids: ['b79fbf4d-3ef9-4689-8143-76b194e85509'],
      xms_st: { sub: 'x' },
      xms_tcdt: 1600000000,
    };
    const header = { nonce: '8Fh', x5t: bench.keys.entra.kid };
    for (const iss of [V1_ISSUER, PARTNER]) {
      expect(await refused(bench, { ...claims, iss }, header)).toMatchObject({ code: 'TOKEN_FOR_GRAPH' });
      expect(await refused(bench, { ...claims, iss, aud: API_URI }, header)).toMatchObject({ code: 'TOKEN_FOR_GRAPH' });
      expect(await refused(bench, { ...claims, iss })).toMatchObject({ code: 'TOKEN_FOR_GRAPH' });
    }
    expect(bench.issuerAccess.keyLookups).toEqual([]);
  });

  it('group overage: said, and the address in the token is never used', async () => {
    const bench = benchOf();
    const sources = { src1: { endpoint: `https://graph.windows.net/${DIRECTORY}/users/${USER}/getMemberObjects` } };
    const claims = { ...v2Delegated(bench), _claim_names: { groups: 'src1' }, _claim_sources: sources };
    const principal = await accepted(bench, claims);
    expect(principal).toMatchObject({ groups: [], groupsOverage: true });
    expect(JSON.stringify(principal)).not.toContain('graph.windows.net');
  });

  it('personal account: refused unless it is accepted and its directory is', async () => {
    const claims = (bench: ValidationBench): Json => ({
      ...v2Delegated(bench),
      iss: PERSONAL_ISSUER,
      tid: PERSONAL,
      oid: '00000000-0000-0000-66f3-3332eca7ea81',
      preferred_username: 'ida@outlook.example',
    });
    const closed = benchOf();
    expect(await refused(closed, claims(closed))).toMatchObject({ code: 'ISSUER_UNTRUSTED' });
    for (const listing of [{ directoryIds: [PERSONAL] }, { directoryIds: [], anyDirectory: true }]) {
      const bench = benchOf();
      trustAt(bench, PERSONAL_ISSUER, listing);
      expect(await refused(bench, claims(bench))).toMatchObject({ check: 'entra-account', code: 'TOKEN_PERSONAL_ACCOUNT' });
      trustAt(bench, PERSONAL_ISSUER, { ...listing, ...accepting({ personalAccounts: true }) });
      expect(await accepted(bench, claims(bench))).toMatchObject({ identity: { instance: `entra:public:${PERSONAL}` } });
    }
  });

  it('none of them is a token of another trusted issuer', async () => {
    const bench = benchOf();
    for (const claims of [v1Delegated(bench), v2Delegated(bench), v2AppOnly(bench), guest(bench)])
      expect(await refused(bench, { ...claims, iss: OIDC_ISSUER })).toMatchObject({
        check: expect.stringMatching(/^(type|key)$/u),
      });
  });
});
