import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { EntraDevIssuer } from './entra-dev-issuer.js';
import { CALM } from './issuer-knobs.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, DEV_SVC_BILLING_CLIENT_ID, personaNamed } from './personas.js';
import { PERSONA_GRANT } from './token-endpoint.js';

const TID = DEV_DIRECTORY_ID;
const SCOPE = `api://${DEV_API_CLIENT_ID}/.default`;
const clock = new ManualClock();
const issuer = new EntraDevIssuer({ clock });
let base = '';
let banner = '';

beforeAll(async () => {
  ({ url: base, banner } = await issuer.start());
});
afterAll(() => issuer.stop());
afterEach(() => issuer.turn(CALM));

async function json(path: string, init?: RequestInit): Promise<Record<string, unknown>> {
  return (await fetch(`${base}${path}`, init)).json() as Promise<Record<string, unknown>>;
}

function askToken(form: Record<string, string>): Promise<Record<string, unknown>> {
  return json(`/${TID}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) });
}

function turnOverHttp(knobs: unknown, type = 'application/json'): Promise<Record<string, unknown>> {
  return json('/_knobs', { method: 'POST', body: JSON.stringify(knobs), headers: { 'content-type': type } });
}

describe('EntraDevIssuer', () => {
  it('says that it is a stand-in wherever it is met', async () => {
    expect(banner).toContain('not Microsoft Entra ID');
    const response = await fetch(`${base}/${TID}/v2.0/.well-known/openid-configuration`);
    expect(response.headers.get('x-stand-in')).toContain('not Microsoft Entra ID');
    expect(await response.json()).toMatchObject({ countersign_stand_in: expect.stringContaining('Stand-in') });
  });

  it('listens on this machine alone', async () => {
    await expect(new EntraDevIssuer({ clock }).start({ host: '0.0.0.0' })).rejects.toThrow('this machine alone');
  });

  it('publishes metadata and keys for both versions', async () => {
    const v1 = await json(`/${TID}/.well-known/openid-configuration`);
    expect(v1).toMatchObject({ issuer: `${base}/sts/${TID}/`, jwks_uri: `${base}/${TID}/discovery/keys` });
    const v2 = await json(`/${TID}/v2.0/.well-known/openid-configuration`);
    expect(v2).toMatchObject({ issuer: `${base}/${TID}/v2.0`, jwks_uri: `${base}/${TID}/discovery/v2.0/keys` });

    const [v2Key] = (await json(`/${TID}/discovery/v2.0/keys`))['keys'] as Record<string, unknown>[];
    expect(v2Key).toMatchObject({ kty: 'RSA', use: 'sig', kid: issuer.signingKid, issuer: `${base}/{tenantid}/v2.0` });
    expect(Object.keys(v2Key ?? {}).sort()).toEqual(['cloud_instance_name', 'e', 'issuer', 'kid', 'kty', 'n', 'use', 'x5t']);
    const [v1Key] = (await json(`/${TID}/discovery/keys`))['keys'] as Record<string, unknown>[];
    expect(Object.keys(v1Key ?? {}).sort()).toEqual(['e', 'kid', 'kty', 'n', 'use', 'x5t']);
  });

  it.each([1, 2] as const)('signs v%i tokens that verify with its published keys', async (version) => {
    const keys = (await json(`/${TID}/discovery/v2.0/keys`)) as unknown as Parameters<typeof createLocalJWKSet>[0];
    const token = issuer.issue({ persona: 'alice', version });
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      currentDate: new Date(clock.now()),
      algorithms: ['RS256'],
    });
    expect(payload).toMatchObject({ tid: TID, oid: personaNamed('alice').objectId, ver: `${String(version)}.0` });
    expect('x5t' in decodeProtectedHeader(token)).toBe(version === 1);
  });

  it('gives each persona the claims of its kind', () => {
    const claims = (persona: 'alice' | 'bob' | 'carol' | 'svc-billing', version: 1 | 2 = 2) =>
      decodeJwt(issuer.issue({ persona, version }));
    expect(claims('alice')).toMatchObject({
      aud: DEV_API_CLIENT_ID,
      azp: DEV_SPA_CLIENT_ID,
      azpacr: '0',
      acct: 0,
      scp: expect.stringContaining('access_as_user'),
    });
    expect(claims('alice', 1)).toMatchObject({
      aud: `api://${DEV_API_CLIENT_ID}`,
      appid: DEV_SPA_CLIENT_ID,
      amr: ['pwd', 'mfa'],
    });
    expect(claims('bob')).toMatchObject({ acct: 1, idp: expect.stringContaining('/sts/') });
    expect(claims('carol')).toMatchObject({ _claim_names: { groups: 'src1' } });
    expect(claims('carol')).not.toHaveProperty('groups');
    const service = claims('svc-billing');
    expect(service).toMatchObject({ idtyp: 'app', azp: DEV_SVC_BILLING_CLIENT_ID, roles: ['Billing.Process'] });
    expect(service.sub).toBe(service['oid']);
    expect(service).not.toHaveProperty('scp');
  });

  it('issues what a test asks for, also what is wrong', () => {
    const token = issuer.issue({
      persona: 'alice',
      audience: 'x',
      lifetimeSeconds: -5,
      overrides: { oid: undefined, extra: 1 },
      header: { typ: 'at+jwt', kid: undefined },
    });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ aud: 'x', extra: 1 });
    expect(claims).not.toHaveProperty('oid');
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(-5);
    expect(decodeProtectedHeader(token)).toEqual({ typ: 'at+jwt', alg: 'RS256' });
  });

  it('gives lifetimes of 60 to 90 minutes, or what the knob says', async () => {
    const lifetime = (): number => {
      const { exp = 0, iat = 0 } = decodeJwt(issuer.issue({ persona: 'alice' }));
      return exp - iat;
    };
    expect(lifetime()).toBeGreaterThanOrEqual(3_600);
    expect(lifetime()).toBeLessThan(5_400);
    await issuer.turn({ lifetimeSeconds: 7 });
    expect(lifetime()).toBe(7);
  });
});

describe('the token endpoint of the stand-in', () => {
  it('gives the service a token for its secret', async () => {
    const answer = await askToken({
      grant_type: 'client_credentials',
      client_id: DEV_SVC_BILLING_CLIENT_ID,
      client_secret: issuer.clientSecret,
      scope: SCOPE,
    });
    expect(answer).toMatchObject({ token_type: 'Bearer' });
    expect(decodeJwt(String(answer['access_token']))).toMatchObject({ idtyp: 'app', ver: '2.0' });
  });

  it('gives a person a token by the grant that exists here alone', async () => {
    const answer = await askToken({
      grant_type: PERSONA_GRANT,
      persona: 'alice',
      client_id: DEV_SPA_CLIENT_ID,
      scope: SCOPE,
      version: '1',
    });
    expect(decodeJwt(String(answer['access_token']))).toMatchObject({ ver: '1.0', oid: personaNamed('alice').objectId });
  });

  it.each([
    [{}, 'invalid_request', 900144],
    [{ grant_type: 'password' }, 'unsupported_grant_type', 70003],
    [{ grant_type: 'client_credentials', client_id: 'nobody' }, 'unauthorized_client', 700016],
    [{ grant_type: 'client_credentials', client_id: DEV_SVC_BILLING_CLIENT_ID }, 'invalid_client', 7000218],
    [
      { grant_type: 'client_credentials', client_id: DEV_SVC_BILLING_CLIENT_ID, client_secret: 'guess' },
      'invalid_client',
      7000215,
    ],
    [{ grant_type: PERSONA_GRANT, persona: 'mallory', scope: SCOPE }, 'invalid_grant', 50034],
    [{ grant_type: PERSONA_GRANT, persona: 'svc-billing', scope: SCOPE }, 'invalid_grant', 50034],
    [{ grant_type: PERSONA_GRANT, persona: 'alice', scope: 'read' }, 'invalid_scope', 1002012],
    [{ grant_type: PERSONA_GRANT, persona: 'alice', scope: 'api://other/.default' }, 'invalid_resource', 500011],
  ])('refuses %j as %s', async (form, error, code) => {
    const answer = await askToken(form);
    expect(answer).toMatchObject({
      error,
      error_codes: [code],
      error_description: expect.stringContaining(`AADSTS${String(code)}: `),
    });
    expect(answer['timestamp']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
  });

  it('knows no other directory', async () => {
    expect(await json('/elsewhere/v2.0/.well-known/openid-configuration')).toMatchObject({ error_codes: [90002] });
  });

  it('has metadata for all directories together, with a template in the place of the directory', async () => {
    const { loginBase } = issuer.cloud;
    for (const authority of ['common', 'organizations']) {
      expect(await json(`/${authority}/v2.0/.well-known/openid-configuration`)).toMatchObject({
        issuer: `${loginBase}/{tenantid}/v2.0`,
        jwks_uri: `${loginBase}/${authority}/discovery/v2.0/keys`,
      });
    }
  });
});

describe('the knobs of the stand-in', () => {
  it('rotates keys, published first or at once, and drops the old ones', async () => {
    const kids = async (): Promise<unknown> => (await json('/_knobs'))['publishedKids'];
    const first = issuer.signingKid;
    const second = await issuer.rotateKeys({ publishFirst: true });
    expect([issuer.signingKid, await kids()]).toEqual([first, [first, second]]);
    issuer.activateNewKey();
    expect(issuer.signingKid).toBe(second);
    issuer.dropOldKeys();
    expect(await kids()).toEqual([second]);
    expect(await turnOverHttp({ rotate: 'at-once' })).toMatchObject({ publishedKids: [second, issuer.signingKid] });
    expect(issuer.signingKid).not.toBe(second);
  });

  it('are turned over HTTP, and count what was asked', async () => {
    expect(await turnOverHttp({ outage: 'error', slow: { delayMs: 1, drip: false } })).toMatchObject({
      knobs: { outage: 'error' },
    });
    const before = issuer.hits('openid-configuration');
    expect((await fetch(`${base}/${TID}/.well-known/openid-configuration`)).status).toBe(500);
    expect(issuer.hits('openid-configuration')).toBe(before + 1);
    expect(await turnOverHttp({ outage: null, slow: null, garbage: 'empty-keys', lifetimeSeconds: 60 })).toMatchObject({
      knobs: { outage: null, slow: { delayMs: 0 }, garbage: 'empty-keys', lifetimeSeconds: 60 },
    });
    expect(await json(`/${TID}/discovery/keys`)).toEqual({ keys: [] });
  });

  it.each([
    { nonsense: 1 },
    { outage: 'refused' },
    { garbage: 'x' },
    { slow: 3 },
    { lifetimeSeconds: 'long' },
    { rotate: 'twice' },
    [],
    7,
  ])('refuse %j', async (knobs) => {
    expect(await turnOverHttp(knobs)).toHaveProperty('error');
  });

  it('take no form that a page of a browser could send', async () => {
    expect(await turnOverHttp({ outage: 'error' }, 'text/plain')).toHaveProperty('error');
    expect((await fetch(`${base}/${TID}/discovery/keys`)).status).toBe(200);
  });

  it('close the port and open the same one again', async () => {
    await issuer.turn({ outage: 'refused' });
    await expect(fetch(`${base}/${TID}/discovery/keys`)).rejects.toThrow();
    await issuer.turn({ outage: null });
    expect((await fetch(`${base}/${TID}/discovery/keys`)).status).toBe(200);
  });
});
