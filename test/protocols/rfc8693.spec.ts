import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { basic, GRANT, JWT_TYPE, post, type RestAnswer } from '../support/callers.js';
import { ORDERS_CLIENT_ID, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const REPORTS = 'https://reports.acme.example';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const TWO_TARGETS = 'two-targets';

type Pairs = readonly (readonly [string, string])[];
type Changes = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Each test is named by a line of docs/protocols.md; together they are all of RFC 8693 that can be shown from outside. */
let service: TestService;
beforeAll(async () => {
  service = await startService({ database: { kind: 'embedded', directory: null } });
  const secretSha256 = [createHash('sha256').update(service.secret).digest('hex')];
  const { issuers, applications } = sampleDocument(service.identityProvider.cloud, '');
  const targets = [SAMPLE_AUDIENCE, REPORTS].map((audience) => ({ audience, scopes: ['**'] }));
  await service.apply({
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }],
    issuers,
    applications: [
      ...(applications as object[]),
      { audience: REPORTS, prefix: 'reports', permissions: [{ name: 'reports:all:read' }], allowEmptyPermissions: true },
    ],
    clients: [{ clientId: TWO_TARGETS, secretSha256, presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] }, targets }],
  });
}, 60_000);
afterAll(() => service.stop());

const upstream = (overrides: Readonly<Record<string, unknown>> = {}, persona: 'alice' | 'svc-billing' = 'alice'): string =>
  service.identityProvider.issue({ persona, overrides });

/** A request that is right, but for the changes; `undefined` leaves a parameter out, a list repeats it. */
function form(changes: Changes = {}): URLSearchParams {
  const usual = { grant_type: GRANT, subject_token: upstream(), subject_token_type: JWT_TYPE, audience: SAMPLE_AUDIENCE };
  const pairs: Pairs = Object.entries<Changes[string]>({ ...usual, ...changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => [name, one] as const),
  );
  return new URLSearchParams(pairs as [string, string][]);
}
const ask = (changes: Changes = {}, clientId = PORTAL_CLIENT_ID): Promise<RestAnswer> =>
  post(service.host, form(changes), { authorization: basic(clientId, service.secret) });
const errorOf = async (answer: Promise<RestAnswer>): Promise<unknown> => (await answer).body['error'];
const claimsOf = async (answer: Promise<RestAnswer>): Promise<Readonly<Record<string, unknown>>> =>
  decodeJwt(String((await answer).body['access_token']));

describe('RFC 8693 §2.1 Request', () => {
  it('8693-01 grant_type is required, and it is this one', async () => {
    expect((await ask()).status).toBe(200);
    expect(await errorOf(ask({ grant_type: undefined }))).toBe('invalid_request');
    expect(await errorOf(ask({ grant_type: 'client_credentials' }))).toBe('unsupported_grant_type');
  });

  it('8693-02 subject_token and subject_token_type are required', async () => {
    expect((await ask({ subject_token: undefined })).body).toMatchObject({ error: 'invalid_request', field: 'subject_token' });
    expect((await ask({ subject_token_type: undefined })).body).toMatchObject({
      error: 'invalid_request',
      field: 'subject_token_type',
    });
  });

  it('8693-03 actor_token_type goes with actor_token and with nothing else', async () => {
    expect(await errorOf(ask({ actor_token_type: JWT_TYPE }))).toBe('invalid_request');
    expect(await errorOf(ask({ actor_token: upstream() }))).toBe('invalid_request');
  });

  it('8693-04 resource is an absolute URI without fragment; audience and resource may be repeated and mixed', async () => {
    const same = { audience: [SAMPLE_AUDIENCE, SAMPLE_AUDIENCE], resource: [SAMPLE_AUDIENCE, SAMPLE_AUDIENCE] };
    expect((await ask(same)).status).toBe(200);
    expect((await ask({ audience: undefined, resource: SAMPLE_AUDIENCE })).status).toBe(200);
    for (const resource of [`${SAMPLE_AUDIENCE}#x`, '/billing', 'billing']) {
      expect(await errorOf(ask({ audience: undefined, resource }))).toBe('invalid_target');
    }
  });

  it('8693-05 scope is values with spaces between; what is issued is an access token, asked for or not', async () => {
    const { body } = await ask({ scope: 'billing:invoice:read billing:report:read' });
    expect(body['scope']).toBe('billing:invoice:read billing:report:read');
    expect((await ask({ requested_token_type: ACCESS_TOKEN })).body['issued_token_type']).toBe(ACCESS_TOKEN);
    expect((await ask()).body['issued_token_type']).toBe(ACCESS_TOKEN);
    expect(await errorOf(ask({ requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }))).toBe(
      'invalid_request',
    );
  });

  it('8693-06 several targets at once are refused as a target', async () => {
    const answer = await ask({ audience: [SAMPLE_AUDIENCE, REPORTS] }, TWO_TARGETS);
    expect(answer.body).toMatchObject({ error: 'invalid_target', code: 'TARGET_AMBIGUOUS' });
  });

  it('8693-07 any other repeated parameter is refused, an empty one counts as absent, an unknown one as nothing', async () => {
    for (const name of ['subject_token', 'scope', 'grant_type']) {
      const value = name === 'grant_type' ? [GRANT, GRANT] : ['a', 'a'];
      expect((await ask({ [name]: value })).body).toMatchObject({ error: 'invalid_request', code: 'REQUEST_PARAMETER_REPEATED' });
    }
    expect((await ask({ scope: '', actor_token: '', colour: 'blue' })).status).toBe(200);
    expect(await errorOf(ask({ subject_token: '' }))).toBe('invalid_request');
  });

  it('8693-08 subject and actor tokens are validated, for what they are said to be', async () => {
    const [header = '', payload = '', signature = ''] = upstream().split('.');
    const broken = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await errorOf(ask({ subject_token: broken }))).toBe('invalid_request');
    expect(await errorOf(ask({ subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }))).toBe('invalid_request');
    const actor = { actor_token_type: JWT_TYPE, actor_token: broken };
    expect((await ask(actor, ORDERS_CLIENT_ID)).body).toMatchObject({ error: 'invalid_request', field: 'actor_token' });
  });

  it('8693-09 without client authentication a token of another client is worth nothing', async () => {
    const answer = await post(service.host, form());
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
  });

  it('8693-10 an exchange leaves its input as it was', async () => {
    const subject = { subject_token: upstream() };
    expect([(await ask(subject)).status, (await ask(subject)).status]).toEqual([200, 200]);
  });

  it('8693-11 (§3) jwt and access_token name a subject token; what nobody here reads is refused', async () => {
    for (const type of [JWT_TYPE, ACCESS_TOKEN]) expect((await ask({ subject_token_type: type })).status).toBe(200);
    for (const type of ['refresh_token', 'saml1', 'saml2', 'id_token']) {
      expect(await errorOf(ask({ subject_token_type: `urn:ietf:params:oauth:token-type:${type}` }))).toBe('invalid_request');
    }
  });
});

describe('RFC 8693 §2.2.1 Response', () => {
  it('8693-12 is JSON that nobody keeps', async () => {
    const { status, headers } = await ask();
    expect(status).toBe(200);
    expect([headers.get('content-type'), headers.get('cache-control'), headers.get('pragma')]).toEqual([
      expect.stringMatching(/^application\/json/),
      'no-store',
      'no-cache',
    ]);
  });

  it('8693-13 has access_token, issued_token_type and token_type', async () => {
    expect((await ask()).body).toMatchObject({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
    });
  });

  it('8693-14 always has expires_in and scope', async () => {
    const { body } = await ask({ scope: 'billing:invoice:read' });
    expect(body).toMatchObject({ expires_in: expect.any(Number), scope: 'billing:invoice:read' });
    const { iat = 0, exp = 0 } = decodeJwt(String(body['access_token']));
    expect(body['expires_in']).toBe(exp - iat);
  });

  it('8693-15 never has a refresh token', async () => {
    expect((await ask()).body).not.toHaveProperty('refresh_token');
  });
});

describe('RFC 8693 §2.2.2 Error response', () => {
  it('8693-16 whatever is wrong with a token is invalid_request, and never invalid_grant', async () => {
    const expired = upstream({ exp: Math.floor(Date.now() / 1_000) - 60 });
    for (const subject of ['x', expired, upstream({ aud: 'other' }), upstream({ iss: 'https://other.example' })]) {
      const answer = await ask({ subject_token: subject });
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    }
  });

  it('8693-17 a target that is unknown or refused is invalid_target', async () => {
    for (const audience of ['https://nowhere.example', REPORTS, 'countersign']) {
      const answer = await ask({ audience });
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_target']);
    }
  });

  it('8693-18 a scope that is unknown, or more than may be had, is invalid_scope', async () => {
    for (const scope of ['billing:no:such', 'billing:invoice:approve', 'openid']) {
      const answer = await ask({ scope });
      expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_scope']);
    }
  });

  it('8693-19 a client that is not authenticated is invalid_client, challenged as it came', async () => {
    const answer = await post(service.host, form(), { authorization: basic(PORTAL_CLIENT_ID, `cs_${'a'.repeat(43)}`) });
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  });

  it('8693-21 an unknown grant is unsupported_grant_type', async () => {
    expect(await errorOf(ask({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }))).toBe('unsupported_grant_type');
  });

  it('8693-22 a bad DPoP proof is invalid_dpop_proof', async () => {
    const headers = { authorization: basic(PORTAL_CLIENT_ID, service.secret), dpop: 'x.y.z' };
    const answer = await post(service.host, form(), headers);
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_dpop_proof']);
  });

  it('8693-23 error_description is short and safe, beside an id that finds the rest', async () => {
    const secret = 'eyJhbGciOiJub25lIn0.c2VjcmV0.';
    const { body } = await ask({ subject_token: secret });
    expect(String(body['error_description']).length).toBeLessThan(200);
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(body['diagnostic_id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('RFC 8693 §4 Claims', () => {
  it('8693-24 (§4.1) act holds who acts and nothing else, the current actor outermost', async () => {
    const { act } = await claimsOf(ask({}, ORDERS_CLIENT_ID));
    expect(act).toEqual({ sub: expect.stringMatching(/^c_/) });
  });

  it('8693-26 (§4.4) may_act names who may act: nobody else does', async () => {
    const named = (mayAct: object) => ask({ subject_token: upstream({ may_act: mayAct }) }, ORDERS_CLIENT_ID);
    expect(await errorOf(named({ sub: 'somebody-else' }))).toBe('invalid_request');
    expect((await named({ sub: 'somebody-else' })).body['code']).toBe('DELEGATION_NOT_ALLOWED');
  });

  it('8693-27 (§4.2, §4.3) scope is one string, and client_id is who asked', async () => {
    const claims = await claimsOf(ask({}, ORDERS_CLIENT_ID));
    expect(claims).toMatchObject({ scope: expect.any(String), client_id: ORDERS_CLIENT_ID });
  });

  it('8693-28 introspection tells the same members with the same meaning', async () => {
    const token = String((await ask({}, ORDERS_CLIENT_ID)).body['access_token']);
    const response = await fetch(`${service.host.httpUrl}/oauth2/introspect`, {
      method: 'POST',
      headers: { authorization: basic(ORDERS_CLIENT_ID, service.secret) },
      body: new URLSearchParams({ token }),
    });
    const { act, scope, client_id: clientId } = decodeJwt(token);
    expect(await response.json()).toMatchObject({ active: true, act, scope, client_id: clientId });
  });

  it('8693-29 (§1.1) another client never acts without act: impersonation is asked for, and needs its own permission', async () => {
    expect(await claimsOf(ask())).not.toHaveProperty('act');
    expect(await claimsOf(ask({}, ORDERS_CLIENT_ID))).toHaveProperty('act');
    expect((await ask({ impersonation: 'true' }, ORDERS_CLIENT_ID)).body['code']).toBe('IMPERSONATION_NOT_ALLOWED');
  });

  it('8693-31 (§6) a token tells no more than its audience needs', async () => {
    const subject = { subject_token: upstream({ email: 'a@acme.example', name: 'Alice', preferred_username: 'alice' }) };
    const claims = await claimsOf(ask(subject));
    for (const name of ['email', 'name', 'preferred_username', 'oid', 'tid', 'upn', 'groups', 'roles']) {
      expect(claims).not.toHaveProperty(name);
    }
  });
});
