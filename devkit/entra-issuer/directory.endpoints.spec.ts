import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfidentialClientApplication, type INetworkModule, type NetworkResponse } from '@azure/msal-node';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { madeUpGroup } from './directory-state.js';
import { OBO_GRANT } from './directory.endpoints.js';
import { EntraDevIssuer } from './entra-dev-issuer.js';
import { DEV_API_CLIENT_ID, DEV_APPROVERS_GROUP_ID, DEV_DIRECTORY_ID, personaNamed } from './personas.js';

const issuer = new EntraDevIssuer({ clock: new ManualClock(Date.now()) });
const CAROL = personaNamed('carol').objectId;
let base = '';

beforeAll(async () => {
  base = (await issuer.start()).url;
});
afterAll(() => issuer.stop());
afterEach(() => issuer.directory.calm());

async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const response = await fetch(`${base}${path}`, { method: 'POST', body, headers });
  const retryAfter = response.headers.get('retry-after');
  return { ...((await response.json()) as object), status: response.status, retryAfter };
}

function askToken(form: Record<string, string>): Promise<Record<string, unknown>> {
  const common = { client_id: DEV_API_CLIENT_ID, client_secret: issuer.directory.secret, scope: `${base}/.default` };
  return post(`/${DEV_DIRECTORY_ID}/oauth2/v2.0/token`, new URLSearchParams({ ...common, ...form }).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
  });
}

const application = (): Promise<Record<string, unknown>> => askToken({ grant_type: 'client_credentials' });
const onBehalf = (assertion: string, more: Record<string, string> = {}): Promise<Record<string, unknown>> =>
  askToken({ grant_type: OBO_GRANT, requested_token_use: 'on_behalf_of', assertion, ...more });

async function askGraph(groupIds: unknown, token?: string, oid = CAROL): Promise<Record<string, unknown>> {
  const bearer = token ?? String((await application())['access_token']);
  return post(`/v1.0/users/${oid}/checkMemberGroups`, JSON.stringify({ groupIds }), { authorization: `Bearer ${bearer}` });
}

describe('Graph of the stand-in', () => {
  it('knows carol, who is in more groups than a token holds, and tells only of those asked for', async () => {
    expect(issuer.directory.memberships(CAROL)?.size).toBeGreaterThan(200);
    const asked = [DEV_APPROVERS_GROUP_ID, madeUpGroup(3), madeUpGroup(9999)];
    expect(await askGraph(asked)).toMatchObject({ status: 200, value: asked.slice(0, 2) });
    issuer.directory.setMember('carol', DEV_APPROVERS_GROUP_ID, false);
    expect(await askGraph(asked)).toMatchObject({ value: asked.slice(1, 2) });
    issuer.directory.setMember('carol', DEV_APPROVERS_GROUP_ID, true);
  });

  it.each([
    ['more than 20 groups', () => askGraph(Array.from({ length: 21 }, (_, index) => madeUpGroup(index))), 400],
    ['no groups', () => askGraph([]), 400],
    ['groups that are no list', () => askGraph('g'), 400],
    ['somebody unknown', () => askGraph(['g'], undefined, 'nobody'), 404],
    ['no token', () => askGraph(['g'], ''), 401],
    ['a token for something else', () => askGraph(['g'], issuer.issue({ persona: 'carol' })), 401],
  ])('refuses %s', async (_, ask, status) => {
    expect(await ask()).toMatchObject({ status, error: { code: expect.stringMatching(/^\w+$/) } });
  });

  it('refuses a token without the permission, and a revoked one', async () => {
    issuer.directory.turnRegistration({ consented: false });
    expect(await askGraph(['g'])).toMatchObject({ status: 403, error: { code: 'Authorization_RequestDenied' } });
    issuer.directory.calm();
    const token = String((await application())['access_token']);
    expect(await askGraph([madeUpGroup(1)], token)).toMatchObject({ status: 200 });
    issuer.directory.revokeTokens();
    expect(await askGraph([madeUpGroup(1)], token)).toMatchObject({ status: 401 });
  });

  it('fails as its knobs say', async () => {
    issuer.directory.turnGraph({ status: 429, retryAfter: '7' });
    expect(await askGraph(['g'], '')).toMatchObject({ status: 429, retryAfter: '7' });
    issuer.directory.turnGraph({ status: null, malformed: true });
    expect(await askGraph(['g'])).toMatchObject({ status: 200, value: { groups: 'many' } });
  });
});

describe('tokens for Graph of the stand-in', () => {
  const assertion = (): string => issuer.issue({ persona: 'carol' });
  it.each<[string, () => Promise<Record<string, unknown>>, string, number]>([
    ['a wrong secret', () => askToken({ grant_type: 'client_credentials', client_secret: 'guess' }), 'invalid_client', 7000215],
    ['another client', () => askToken({ grant_type: 'client_credentials', client_id: 'x' }), 'unauthorized_client', 700016],
    ['another grant', () => askToken({ grant_type: 'password' }), 'unsupported_grant_type', 70003],
    ['an assertion used otherwise', () => onBehalf(assertion(), { requested_token_use: 'x' }), 'invalid_request', 900144],
    ['an assertion that is none', () => onBehalf('x'), 'invalid_grant', 50013],
    ['an assertion for others', () => onBehalf(issuer.issue({ persona: 'carol', audience: 'x' })), 'invalid_grant', 500131],
    ['an old assertion', () => onBehalf(issuer.issue({ persona: 'carol', lifetimeSeconds: -1 })), 'invalid_grant', 500133],
  ])('refuses %s', async (_, ask, error, code) => {
    expect(await ask()).toMatchObject({ error, error_codes: [code] });
  });

  it('derives its errors from its state', async () => {
    issuer.directory.turnRegistration({ stepUp: true });
    expect(await onBehalf(assertion())).toMatchObject({
      error: 'interaction_required',
      suberror: 'basic_action',
      error_codes: [50076],
      claims: expect.stringContaining('access_token'),
    });
    issuer.directory.turnRegistration({ stepUp: false, consented: false });
    expect(await onBehalf(assertion())).toMatchObject({ suberror: 'consent_required', error_codes: [65001] });
    issuer.directory.turnRegistration({ trouble: 'transient' });
    expect(await application()).toMatchObject({ status: 503, error_codes: [90033] });
    issuer.directory.turnRegistration({ trouble: 'throttled', retryAfter: '9' });
    expect(await application()).toMatchObject({ status: 429, error_codes: [90055], retryAfter: '9' });
  });

  it('calls the same assertion over and over a loop', async () => {
    const same = assertion();
    for (let time = 0; time < 10; time++) expect(await onBehalf(same)).toMatchObject({ status: 200 });
    expect(await onBehalf(same)).toMatchObject({ error_codes: [50196] });
    expect(await onBehalf(assertion())).toMatchObject({ status: 200 });
  });

  it('publishes a discovery document that msal-node gets by with, when it is told no addresses', async () => {
    const asked: string[] = [];
    const secure = base.replace('http:', 'https:');
    // The library insists on TLS; the connection is not what is looked at here.
    const send = async <Body>(url: string, init: RequestInit): Promise<NetworkResponse<Body>> => {
      asked.push(new URL(url).pathname);
      const response = await fetch(url.replace('https:', 'http:'), init);
      return { status: response.status, headers: {}, body: JSON.parse((await response.text()).replaceAll(base, secure)) as Body };
    };
    const networkClient: INetworkModule = {
      sendGetRequestAsync: (url) => send(url, {}),
      sendPostRequestAsync: (url, options) =>
        send(url, { method: 'POST', body: options?.body ?? '', headers: options?.headers ?? {} }),
    };
    const client = new ConfidentialClientApplication({
      auth: {
        clientId: DEV_API_CLIENT_ID,
        authority: `${secure}/${DEV_DIRECTORY_ID}`,
        knownAuthorities: [new URL(base).host],
        clientSecret: issuer.directory.secret,
      },
      system: { networkClient },
    });
    const result = await client.acquireTokenByClientCredential({ scopes: [`${base}/.default`] });
    expect(result?.accessToken).toMatch(/^eyJ/);
    expect(asked).toEqual([
      `/${DEV_DIRECTORY_ID}/v2.0/.well-known/openid-configuration`,
      `/${DEV_DIRECTORY_ID}/oauth2/v2.0/token`,
    ]);
  });
});

describe('the managed identity of the stand-in', () => {
  it('gives a token for Graph alone, and only to who says that it means the metadata service', async () => {
    const identity = issuer.managedIdentity();
    const url = `${await identity.start()}/metadata/identity/oauth2/token?resource=${encodeURIComponent(base)}`;
    try {
      const headers = { metadata: 'true' };
      const answer = (await (await fetch(url, { headers })).json()) as Record<string, unknown>;
      expect(await askGraph([madeUpGroup(1)], String(answer['access_token']))).toMatchObject({ status: 200 });
      expect(await (await fetch(url)).json()).toMatchObject({ error: 'bad_request_102' });
      expect((await fetch(`${url}x`, { headers })).status).toBe(400);
      identity.status = 410;
      expect((await fetch(url, { headers })).status).toBe(410);
    } finally {
      await identity.stop();
    }
  });
});
