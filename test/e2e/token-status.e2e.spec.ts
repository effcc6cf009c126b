import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { basic, exchangeForm, post } from '../support/callers.js';
import { postJson } from '../support/checks.js';
import { ORDERS_CLIENT_ID, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { introspectOverGrpc, revokeOverGrpc } from '../support/token-status.js';

const INACTIVE = '{"active":false}';
const SERVICE = 'billing-api';
const STRANGER = 'stranger';

describe('Introspection and revocation', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ database: { kind: 'embedded', directory: null } });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    await service.apply({
      apiVersion: 'countersign/v1',
      clients: [
        { clientId: SERVICE, secretSha256: [digest], targets: [], checks: [SAMPLE_AUDIENCE] },
        { clientId: STRANGER, secretSha256: [digest], targets: [] },
      ],
    });
  }, 60_000);
  afterAll(() => service.stop());

  const as = (clientId: string): Record<string, string> => ({ authorization: basic(clientId, service.secret) });
  const issued = async (clientId = PORTAL_CLIENT_ID, persona: 'alice' | 'bob' = 'alice'): Promise<string> => {
    const subject = service.identityProvider.issue({ persona });
    const answer = await post(service.host, exchangeForm(subject, { audience: SAMPLE_AUDIENCE }), as(clientId));
    return String(answer.body['access_token'] ?? answer.body['code']);
  };
  const ask = async (path: string, headers: Record<string, string>, form: Record<string, string>) => {
    const response = await fetch(`${service.host.httpUrl}${path}`, { method: 'POST', headers, body: new URLSearchParams(form) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const introspect = (clientId: string, token: string) => ask('/oauth2/introspect', as(clientId), { token });
  const revoke = (clientId: string, token: string) => ask('/oauth2/revoke', as(clientId), { token });
  const check = (token: string) =>
    postJson(service.host, '/v1/check', basic(SERVICE, service.secret), {
      subject_token: token,
      audience: SAMPLE_AUDIENCE,
      items: [{ permission: 'billing:invoice:read' }],
    });

  it.each([
    ['the service that it is for', SERVICE],
    ['the client that it was issued to', PORTAL_CLIENT_ID],
  ])('tells %s what a current token says', async (_who, asker) => {
    const token = await issued();
    const answer = await introspect(asker, token);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const { sref: _sealed, ...claims } = decodeJwt(token);
    expect(JSON.parse(answer.text)).toEqual({ active: true, token_type: 'Bearer', ...claims });
  });

  it('tells who acts for the subject', async () => {
    const token = await issued(ORDERS_CLIENT_ID);
    expect(JSON.parse((await introspect(SERVICE, token)).text)).toMatchObject({ act: { sub: expect.stringMatching(/^c_/) } });
    const { response } = await introspectOverGrpc(service.host, basic(SERVICE, service.secret), token);
    expect(response).toMatchObject({ active: true, tokenType: 'Bearer', act: { sub: expect.stringMatching(/^c_/) } });
    expect(response?.permissions).toEqual(decodeJwt(token)['permissions']);
  });

  it('says the same bytes of whatever it does not tell, and no reason', async () => {
    const token = await issued();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const upstream = service.identityProvider.issue({ persona: 'alice' });
    const unknown = ['x', `${header}.${payload}.${signature.slice(1)}`, `${header}.${payload}.`, upstream, 'a'.repeat(20_000)];
    for (const other of unknown) expect((await introspect(SERVICE, other)).text).toBe(INACTIVE);
    const asked = await introspect(STRANGER, token);
    expect([asked.status, asked.text]).toEqual([200, INACTIVE]);
    const headers = (answer: typeof asked) => [...answer.headers.keys()].filter((name) => name !== 'date').sort();
    expect(headers(await introspect(SERVICE, 'x'))).toEqual(headers(asked));
    const { response } = await introspectOverGrpc(service.host, basic(STRANGER, service.secret), token);
    expect(response).toMatchObject({ active: false, sub: '', permissions: [], exp: 0, act: undefined, cnf: {} });
  });

  it('asks for a client that proves itself, and for a token', async () => {
    for (const path of ['/oauth2/introspect', '/oauth2/revoke']) {
      const nobody = await ask(path, {}, { token: await issued() });
      expect([nobody.status, JSON.parse(nobody.text)]).toMatchObject([401, { error: 'invalid_client' }]);
      const wrong = await ask(path, { authorization: basic(SERVICE, 'cs_wrong') }, { token: 'x' });
      expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic /)]);
      const empty = await ask(path, as(SERVICE), {});
      expect([empty.status, JSON.parse(empty.text)]).toMatchObject([400, { error: 'invalid_request', field: 'token' }]);
      const read = await fetch(`${service.host.httpUrl}${path}`, { headers: as(SERVICE) });
      expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST']);
    }
    const { failure } = await introspectOverGrpc(service.host, undefined, 'x');
    expect(failure).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'CLIENT_UNAUTHENTICATED' });
  });

  it('ends a token at once for introspection, check and effective permissions, and leaves others alone', async () => {
    const [token, other] = [await issued(), await issued()];
    expect((await check(token)).body).toMatchObject({ results: [{ allowed: true }] });
    const answer = await revoke(PORTAL_CLIENT_ID, token);
    expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
    expect((await introspect(SERVICE, token)).text).toBe(INACTIVE);
    expect((await check(token)).body).toMatchObject({ code: 'CHECK_TOKEN_INVALID' });
    const everything = { subject_token: token, audience: SAMPLE_AUDIENCE };
    const effective = await postJson(service.host, '/v1/permissions:effective', basic(SERVICE, service.secret), everything);
    expect(effective.body).toMatchObject({ code: 'CHECK_TOKEN_INVALID' });
    expect(JSON.parse((await introspect(SERVICE, other)).text)).toMatchObject({ active: true });
    expect((await revoke(PORTAL_CLIENT_ID, token)).status).toBe(200);
  });

  it('ends it over gRPC too', async () => {
    const token = await issued();
    expect((await revokeOverGrpc(service.host, basic(PORTAL_CLIENT_ID, service.secret), token)).response).toEqual({});
    expect((await introspect(SERVICE, token)).text).toBe(INACTIVE);
  });

  it('answers 200 and changes nothing for unknown tokens, and for those of another client', async () => {
    const token = await issued();
    for (const [who, what] of [
      [PORTAL_CLIENT_ID, 'no token'],
      [STRANGER, token],
      // The service that it is for may see it, and not end it.
      [SERVICE, token],
    ] as const) {
      expect([(await revoke(who, what)).status, (await introspect(SERVICE, token)).text]).toEqual([
        200,
        expect.stringContaining('"active":true'),
      ]);
    }
    const hinted = await ask('/oauth2/revoke', as(PORTAL_CLIENT_ID), { token, token_type_hint: 'refresh_token' });
    expect(hinted.status).toBe(200);
    expect((await introspect(SERVICE, token)).text).toBe(INACTIVE);
  });

  it('knows a token no more whose client, subject or tenant was taken away', async () => {
    const token = await issued(ORDERS_CLIENT_ID, 'bob');
    const state = async (): Promise<unknown> => (await introspect(SERVICE, token)).text !== INACTIVE;
    expect(await state()).toBe(true);
    const digest = createHash('sha256').update(service.secret).digest('hex');
    const orders = { clientId: ORDERS_CLIENT_ID, secretSha256: [digest], targets: [] };
    await service.apply({ apiVersion: 'countersign/v1', clients: [{ ...orders, status: 'disabled' }] });
    expect(await state()).toBe(false);
    expect((await check(token)).body).toMatchObject({ code: 'CHECK_TOKEN_INVALID' });
    await service.apply({ apiVersion: 'countersign/v1', clients: [{ ...orders, status: 'active' }] });
    expect(await state()).toBe(true);
    await service.apply({ apiVersion: 'countersign/v1', tenants: [{ slug: 'acme', status: 'suspended' }] });
    expect(await state()).toBe(false);
    await service.apply({ apiVersion: 'countersign/v1', tenants: [{ slug: 'acme', status: 'active' }] });
    expect(await state()).toBe(true);
  });

  it('works with openid-client: discovery, introspection, revocation', async () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; the service is on loopback here
    const options = { execute: [client.allowInsecureRequests], algorithm: 'oauth2' as const };
    const server = new URL(service.settings.issuer);
    const authentication = client.ClientSecretBasic(service.secret);
    const portal = await client.discovery(server, PORTAL_CLIENT_ID, undefined, authentication, options);
    const billing = await client.discovery(server, SERVICE, undefined, authentication, options);
    const token = await issued();
    expect(await client.tokenIntrospection(billing, token)).toMatchObject({ active: true, client_id: PORTAL_CLIENT_ID });
    await client.tokenRevocation(portal, token);
    expect(await client.tokenIntrospection(billing, token)).toEqual({ active: false });
  });
});
