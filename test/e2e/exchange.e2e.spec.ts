import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { basic, call, exchangeForm, GRANT, JWT_TYPE, post } from '../support/callers.js';
import { describeOnEachDatabase } from '../support/database.js';
import { ORDERS_CLIENT_ID, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

describeOnEachDatabase('An exchange', (open) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
  }, 60_000);
  afterAll(() => service.stop());

  const token = (persona: 'alice' | 'bob' | 'carol' | 'svc-billing', changes = {}): string =>
    service.identityProvider.issue({ persona, version: 2, ...changes });
  const rest = (clientId: string, subject: string, more: Record<string, string> = {}): ReturnType<typeof post> =>
    post(service.host, exchangeForm(subject, { audience: SAMPLE_AUDIENCE, ...more }), {
      authorization: basic(clientId, service.secret),
    });
  const claimsOf = (answer: Awaited<ReturnType<typeof post>>): ReturnType<typeof decodeJwt> =>
    decodeJwt(String(answer.body['access_token']));

  it('answers over REST with the members of RFC 8693 §2.2.1 and no caching', async () => {
    const answer = await rest(PORTAL_CLIENT_ID, token('alice'));
    expect(answer.status).toBe(200);
    const members = ['access_token', 'consistency_token', 'expires_in', 'issued_token_type', 'scope', 'token_type'];
    expect(Object.keys(answer.body).sort()).toEqual(members);
    expect(answer.body).toMatchObject({
      token_type: 'Bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      expires_in: 600,
      scope: 'billing:invoice:create billing:invoice:read billing:report:read',
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json(; charset=utf-8)?$/);
  });

  it('issues a token that verifies with nothing but the published keys (RFC 9068 §4)', async () => {
    const answer = await rest(PORTAL_CLIENT_ID, token('alice'));
    const keys = createRemoteJWKSet(new URL(`${service.host.httpUrl}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(String(answer.body['access_token']), keys, {
      issuer: service.settings.issuer,
      audience: SAMPLE_AUDIENCE,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    });
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ']);
    expect(Object.keys(payload).sort()).toEqual(
      ['aud', 'client_id', 'ep', 'exp', 'iat', 'iss', 'jti', 'oat', 'permissions', 'pv', 'scope', 'sref', 'sub', 'tenant'].sort(),
    );
    expect(payload).toMatchObject({
      client_id: PORTAL_CLIENT_ID,
      tenant: 'acme',
      permissions: ['billing:invoice:create', 'billing:invoice:read', 'billing:report:read'],
      pv: 'main@1',
      sub: expect.stringMatching(/^u_[\w-]{43}$/),
    });
  });

  it('gives the same over gRPC', async () => {
    const subject = token('alice');
    const overRest = claimsOf(await rest(PORTAL_CLIENT_ID, subject));
    const { response } = await call(service.host, basic(PORTAL_CLIENT_ID, service.secret), {
      subjectToken: subject,
      subjectTokenType: JWT_TYPE,
      audience: [SAMPLE_AUDIENCE],
    });
    expect(response).toMatchObject({ tokenType: 'Bearer', expiresIn: 600, scope: overRest['scope'] });
    const { jti: _a, iat: _b, exp: _c, sref: _d, ...overGrpc } = decodeJwt(response?.accessToken ?? '');
    expect(overRest).toMatchObject(overGrpc);
  });

  it('keeps sub the same for v1 and v2 tokens of the same person', async () => {
    const v2 = claimsOf(await rest(PORTAL_CLIENT_ID, token('alice')));
    const v1 = claimsOf(await rest(PORTAL_CLIENT_ID, service.identityProvider.issue({ persona: 'alice', version: 1 })));
    expect(v1.sub).toBe(v2.sub);
  });

  it('names the actor and keeps to its ceiling on behalf of somebody', async () => {
    const claims = claimsOf(await rest(ORDERS_CLIENT_ID, token('alice')));
    expect(claims).toMatchObject({
      permissions: ['billing:invoice:read'],
      client_id: ORDERS_CLIENT_ID,
      act: { sub: expect.stringMatching(/^c_[\w-]{43}$/) },
    });
    const own = claimsOf(await rest(PORTAL_CLIENT_ID, token('alice')));
    expect(own['act']).toBeUndefined();
    expect(own.sub).toBe(claims.sub);
  });

  it('maps app roles of a workload that nobody registered, and creates no subject for it', async () => {
    const claims = claimsOf(await rest(ORDERS_CLIENT_ID, token('svc-billing')));
    expect(claims.sub).toMatch(/^w_/);
    expect(claims['permissions']).toEqual(['billing:invoice:read']);
  });

  it('narrows to the requested scope and says what was granted', async () => {
    const answer = await rest(PORTAL_CLIENT_ID, token('alice'), { scope: 'billing:invoice:read billing:invoice:approve' });
    expect(answer.body['scope']).toBe('billing:invoice:read');
    expect(claimsOf(answer)['permissions']).toEqual(['billing:invoice:read']);
  });

  it('takes resource instead of audience, and the only target when neither is sent', async () => {
    const subject = token('alice');
    const headers = { authorization: basic(PORTAL_CLIENT_ID, service.secret) };
    expect((await post(service.host, exchangeForm(subject, { resource: SAMPLE_AUDIENCE }), headers)).status).toBe(200);
    expect(claimsOf(await post(service.host, exchangeForm(subject), headers)).aud).toBe(SAMPLE_AUDIENCE);
  });

  it('never outlives the subject token', async () => {
    const answer = await rest(PORTAL_CLIENT_ID, token('alice', { lifetimeSeconds: 120 }));
    expect(answer.body['expires_in']).toBeLessThanOrEqual(120);
    const claims = claimsOf(answer);
    expect(claims.exp).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + 120);
  });

  it('authenticates by client_secret_post too', async () => {
    const form = exchangeForm(token('alice'), { client_id: PORTAL_CLIENT_ID, client_secret: service.secret });
    expect((await post(service.host, form)).status).toBe(200);
  });

  it('shows a changed assignment within 2 s (promised propagation)', async () => {
    const before = claimsOf(await rest(PORTAL_CLIENT_ID, token('bob')));
    expect(before['permissions']).toEqual(['billing:invoice:read', 'billing:report:read']);
    await service.apply({
      apiVersion: 'countersign/v1',
      assignments: [{ tenant: 'acme', principal: 'subject:bob', role: 'approver' }],
    });
    const deadline = Date.now() + 2_000;
    let permissions: unknown = [];
    while (Date.now() < deadline && !String(permissions).includes('approve'))
      permissions = claimsOf(await rest(PORTAL_CLIENT_ID, token('bob')))['permissions'];
    expect(permissions).toContain('billing:invoice:approve');
  });

  it('refuses whoever lost everything', async () => {
    await service.apply({
      apiVersion: 'countersign/v1',
      assignments: [
        { tenant: 'acme', principal: 'subject:bob', role: 'approver', state: 'revoked' },
        { tenant: 'acme', principal: 'subject:bob', role: 'viewer', state: 'revoked' },
      ],
    });
    const deadline = Date.now() + 2_000;
    let answer = await rest(PORTAL_CLIENT_ID, token('bob'));
    while (Date.now() < deadline && answer.status === 200) answer = await rest(PORTAL_CLIENT_ID, token('bob'));
    expect(answer.body).toMatchObject({ error: 'invalid_request', code: 'PERMISSION_NONE' });
  });

  it('refuses carol, whose groups nobody resolves, over both transports', async () => {
    expect((await rest(PORTAL_CLIENT_ID, token('carol'))).body).toMatchObject({
      error: 'invalid_request',
      code: 'GROUPS_OVERAGE_UNRESOLVED',
    });
    const { failure } = await call(service.host, basic(PORTAL_CLIENT_ID, service.secret), {
      subjectToken: token('carol'),
      subjectTokenType: JWT_TYPE,
    });
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'GROUPS_OVERAGE_UNRESOLVED', domain: 'countersign' });
  });

  it('follows a rotation of the identity provider', async () => {
    await service.identityProvider.rotateKeys({ publishFirst: false });
    expect((await rest(PORTAL_CLIENT_ID, token('alice', { clientId: DEV_SPA_CLIENT_ID }))).status).toBe(200);
  });

  it('takes the form with a charset and nothing but a form', async () => {
    const headers = { authorization: basic(PORTAL_CLIENT_ID, service.secret) };
    const body = exchangeForm(token('alice'));
    expect(
      (await post(service.host, body, { ...headers, 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' })).status,
    ).toBe(200);
    const json = JSON.stringify({ grant_type: GRANT, subject_token: token('alice') });
    expect((await post(service.host, json, { ...headers, 'content-type': 'application/json' })).status).toBe(415);
  });
});
