import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import type { Host } from '#clients/host.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { postJson } from '../support/checks.js';
import { describeOnPostgres } from '../support/database.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { until } from '../support/until.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000002', transport: 'cli' } as const;
const SERVICE = 'billing-api';
const ADMIN = '/admin/v1/revocations';

type Persona = 'alice' | 'bob';

describeOnPostgres('Revocation by operators, on two replicas', (open) => {
  let service: TestService;
  let other: Host;
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const olga = { cloud: 'devkit', tid: DEV_DIRECTORY_ID, oid: personaNamed('alice').objectId };
    await service.host.administration.appointFirstOperator(CONTEXT, { apiVersion: 'countersign/bootstrap/v1', operator: olga });
    const secretSha256 = [createHash('sha256').update(service.secret).digest('hex')];
    const own = [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }];
    await service.apply({
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }],
      issuers: sampleDocument(service.identityProvider.cloud, '')['issuers'],
      clients: [
        {
          clientId: 'ops-cli',
          secretSha256,
          presents: { own },
          targets: [
            { audience: 'countersign', scopes: ['countersign:**'] },
            { audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] },
          ],
        },
        { clientId: SERVICE, secretSha256, targets: [], checks: [SAMPLE_AUDIENCE] },
      ],
    });
    other = await service.another();
  }, 60_000);
  afterAll(() => service.stop());

  /** Long ago enough to be before any cut-off of this run. */
  const upstream = (persona: Persona, secondsAgo = 60): string => {
    const now = Math.floor(Date.now() / 1_000);
    return service.identityProvider.issue({ persona, overrides: { iat: now - secondsAgo, nbf: now - secondsAgo } });
  };
  const exchanged = async (persona: Persona, clientId = PORTAL_CLIENT_ID, secondsAgo = 60): Promise<string> => {
    const answer = await post(
      service.host,
      exchangeForm(upstream(persona, secondsAgo), { audience: SAMPLE_AUDIENCE, tenant: 'acme' }),
      {
        authorization: basic(clientId, service.secret),
      },
    );
    return String(answer.body['access_token'] ?? answer.body['code']);
  };
  const operator = async (): Promise<string> => {
    const form = exchangeForm(upstream('alice'), { audience: 'countersign', tenant: 'platform' });
    const answer = await post(service.host, form, { authorization: basic('ops-cli', service.secret) });
    return String(answer.body['access_token'] ?? answer.body['code']);
  };
  const admin = async (token: string, body?: object, query = '') => {
    const response = await fetch(`${service.host.httpUrl}${ADMIN}${query}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const isActive = async (host: Host, token: string): Promise<boolean> => {
    const response = await fetch(`${host.httpUrl}/oauth2/introspect`, {
      method: 'POST',
      headers: { authorization: basic(SERVICE, service.secret) },
      body: new URLSearchParams({ token }),
    });
    return ((await response.json()) as { active: boolean }).active;
  };
  const checked = async (host: Host, token: string): Promise<unknown> =>
    (
      await postJson(host, '/v1/check', basic(SERVICE, service.secret), {
        subject_token: token,
        audience: SAMPLE_AUDIENCE,
        tenant: 'acme',
        items: [{ permission: 'billing:invoice:read' }],
      })
    ).body;
  /** Here at once, there when the announcement has arrived. */
  const ended = async (token: string): Promise<void> => {
    expect(await isActive(service.host, token)).toBe(false);
    expect(await checked(service.host, token)).toMatchObject({ code: 'CHECK_TOKEN_INVALID' });
    await until('the other replica knows', async () => !(await isActive(other, token)));
    expect(await checked(other, token)).toMatchObject({ code: 'CHECK_TOKEN_INVALID' });
  };

  it('takes back one token by its id', async () => {
    const [token, kept] = [await exchanged('bob'), await exchanged('bob')];
    const wish = { by: 'token', tokenId: decodeJwt(token).jti };
    const answer = await admin(await operator(), { wish, reason: 'leaked into a log' });
    expect(answer).toMatchObject({ status: 200, body: { validateOnly: false, revocations: [{ by: 'token' }], warnings: [] } });
    await ended(token);
    expect(await isActive(other, kept)).toBe(true);
  });

  it('says what it would do, and does nothing, with validateOnly', async () => {
    const token = await exchanged('bob');
    const wish = { by: 'subject', tenant: 'acme', subject: decodeJwt(token).sub };
    const answer = await admin(await operator(), { wish, reason: 'trying', validateOnly: true });
    expect(answer.body).toMatchObject({ validateOnly: true, revocations: [{ by: 'subject', tenant: 'acme' }] });
    expect(await isActive(service.host, token)).toBe(true);
    const listed = await admin(await operator(), undefined, '?by=subject');
    expect(listed.body).toEqual({ items: [], next: null });
  });

  it('cuts off a subject by its key: its tokens, and what its identity provider issued before', async () => {
    const [token, kept] = [await exchanged('bob'), await exchanged('alice')];
    const answer = await admin(await operator(), { wish: { by: 'key', tenant: 'acme', key: 'bob' }, reason: 'lost laptop' });
    expect(answer.body['revocations']).toHaveLength(2);
    await ended(token);
    expect(await exchanged('bob')).toBe('TOKEN_REVOKED');
    expect(await checked(other, upstream('bob'))).toMatchObject({ code: 'CHECK_TOKEN_INVALID' });
    expect(await isActive(other, kept)).toBe(true);
    // Having proven again who he is, he is let in: issued after the cut-off, which is in the skew that is allowed.
    const again = await exchanged('bob', PORTAL_CLIENT_ID, -2);
    expect(again.split('.')).toHaveLength(3);
  });

  it('keeps to a cut-off in the past', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const order = { wish: { by: 'client', clientId: PORTAL_CLIENT_ID }, before: now - 600, reason: 'secret was out until then' };
    const token = await exchanged('alice');
    expect((await admin(await operator(), order)).body).toMatchObject({
      revocations: [{ name: PORTAL_CLIENT_ID, before: now - 600 }],
    });
    expect(await isActive(service.host, token)).toBe(true);
    expect(await exchanged('alice', PORTAL_CLIENT_ID, 700)).toBe('TOKEN_REVOKED');
    expect(await exchanged('alice', 'ops-cli', 700)).toContain('.');
  });

  it('cuts off what a replica that had not heard of it issued for a token from before', async () => {
    const [before, late] = [await exchanged('alice', PORTAL_CLIENT_ID, 90), await exchanged('alice')];
    const wish = { by: 'subject', tenant: 'acme', subject: decodeJwt(before).sub };
    const time = Math.floor(Date.now() / 1_000) - 75;
    expect(Number(decodeJwt(before).iat)).toBeGreaterThan(time);
    const answer = await admin(await operator(), { wish, before: time, reason: 'lost laptop' });
    expect(answer.body['revocations']).toMatchObject([{ before: time }]);
    await ended(before);
    const again = exchangeForm(before, { audience: SAMPLE_AUDIENCE });
    const refused = await post(other, again, { authorization: basic(PORTAL_CLIENT_ID, service.secret) });
    expect(refused.body).toMatchObject({ code: 'TOKEN_REVOKED' });
    expect(await isActive(other, late)).toBe(true);
  });

  it('cuts off a client, and a tenant', async () => {
    const token = await exchanged('alice', 'ops-cli');
    const admins = await operator();
    await admin(admins, { wish: { by: 'client', clientId: PORTAL_CLIENT_ID }, reason: 'secret leaked' });
    expect(await exchanged('alice')).toBe('TOKEN_REVOKED');
    expect(await isActive(service.host, token)).toBe(true);
    await admin(admins, { wish: { by: 'tenant', tenant: 'acme' }, reason: 'breach' });
    await ended(token);
    expect(await exchanged('alice', 'ops-cli')).toBe('TOKEN_REVOKED');
  });

  it('lists what is revoked, newest first, and leaves a record of each', async () => {
    const listed = await admin(await operator(), undefined, '?limit=2');
    expect(listed.body['items']).toMatchObject([
      { by: 'tenant', name: 'acme', because: expect.stringMatching(/^u_.*: breach$/) },
      { by: 'client', name: PORTAL_CLIENT_ID },
    ]);
    const more = await admin(await operator(), undefined, `?limit=100&below=${String(listed.body['next'])}`);
    expect(more.body).toMatchObject({ next: null });
  });

  it('ends the token of an operator who cuts off operators, and lets in who signs in again', async () => {
    const token = await operator();
    const unknown = { wish: { by: 'tenant', tenant: 'nowhere' }, reason: 'x' };
    expect(await admin(token, unknown)).toMatchObject({ status: 404, body: { code: 'LIVE_DATA_UNKNOWN' } });
    const typo = await admin(token, { wish: { by: 'client', clientId: 'no-such' }, reason: 'x', validateOnly: true });
    expect(typo.body['warnings']).toEqual(['there is no active client no-such']);
    for (const bad of [
      { wish: { by: 'client', clientId: 'x' } },
      { wish: { by: 'key', tenant: 'acme' }, reason: 'x' },
      { reason: 'x' },
    ]) {
      expect(await admin(token, bad)).toMatchObject({ status: 400, body: { code: 'REQUEST_PARAMETER_INVALID' } });
    }
    const ahead = { wish: { by: 'tenant', tenant: 'acme' }, before: Math.floor(Date.now() / 1_000) + 3_600, reason: 'x' };
    expect(await admin(token, ahead)).toMatchObject({ status: 400, body: { field: 'before' } });
    expect((await admin(token, { wish: { by: 'tenant', tenant: 'platform' }, reason: 'drill' })).status).toBe(200);
    expect((await admin(token)).status).toBe(401);
  });
});
