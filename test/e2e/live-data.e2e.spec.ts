import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { describeOnEachDatabase } from '../support/database.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000003', transport: 'cli' } as const;
const BOB = [{ instance: `entra:devkit:${DEV_DIRECTORY_ID}`, externalId: personaNamed('bob').objectId }];

describeOnEachDatabase('Live data over REST', (open) => {
  let service: TestService;
  let token = '';
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const operator = { cloud: 'devkit', tid: DEV_DIRECTORY_ID, oid: personaNamed('alice').objectId };
    await service.host.administration.appointFirstOperator(CONTEXT, { apiVersion: 'countersign/bootstrap/v1', operator });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    await service.apply({
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }],
      issuers: sampleDocument(service.identityProvider.cloud, digest)['issuers'],
      clients: [
        {
          clientId: 'ops-cli',
          secretSha256: [digest],
          presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
          targets: [
            { audience: 'countersign', scopes: ['countersign:**'] },
            { audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] },
          ],
        },
      ],
    });
    token = (await exchange('alice', { audience: 'countersign', tenant: 'platform' })).token;
  }, 60_000);
  afterAll(() => service.stop());

  async function exchange(
    persona: 'alice' | 'bob',
    more: Record<string, string>,
  ): Promise<{ token: string; scope: string; code: string }> {
    const form = exchangeForm(service.identityProvider.issue({ persona }), more);
    const { body } = await post(service.host, form, { authorization: basic('ops-cli', service.secret) });
    return { token: String(body['access_token'] ?? ''), scope: String(body['scope'] ?? ''), code: String(body['code'] ?? '') };
  }

  async function admin(
    method: string,
    path: string,
    body?: object,
    bearer = token,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${service.host.httpUrl}/admin/v1/tenants/${path}`, {
      method,
      headers: {
        ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it('gives somebody a role for a time, and takes it away again: the next exchange knows', async () => {
    const key = (await subjectOfBob()) ?? 'bob';
    await admin('PUT', 'acme/subjects', { rows: [{ key, identities: BOB }] });
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const put = await admin('PUT', 'acme/assignments', {
      rows: [{ principal: `subject:${key}`, role: 'approver', valid: { until } }],
    });
    expect([put.status, put.body['consistencyToken']]).toEqual([200, expect.any(String)]);
    expect((await exchange('bob', { audience: SAMPLE_AUDIENCE })).scope).toContain('billing:invoice:approve');
    const [change] = put.body['changes'] as [{ ref: { name: string } }];
    expect((await admin('DELETE', `acme/assignments/${change.ref.name}`)).status).toBe(200);
    expect((await exchange('bob', { audience: SAMPLE_AUDIENCE })).scope).not.toContain('billing:invoice:approve');
  });

  async function subjectOfBob(): Promise<string | undefined> {
    const { body } = await admin('GET', 'acme/subjects?limit=1000');
    const rows = body['items'] as { key: string; identities: { externalId: string }[] }[];
    return rows.find(({ identities }) => identities.some(({ externalId }) => externalId === BOB[0]?.externalId))?.key;
  }

  it('disables a subject, and tells who did it', async () => {
    const key = (await subjectOfBob()) ?? '';
    expect((await admin('PATCH', `acme/subjects/${key}`, { members: { status: 'disabled' } })).status).toBe(200);
    expect((await exchange('bob', { audience: SAMPLE_AUDIENCE })).code).toBe('SUBJECT_DISABLED');
    const { body } = await admin('GET', `acme/changes?about=subject:${key}&limit=1`);
    expect(body['items']).toMatchObject([
      { by: expect.stringMatching(/^u_/), change: { outcome: 'updated', after: { status: 'disabled' } } },
    ]);
    await admin('PATCH', `acme/subjects/${key}`, { members: { status: 'active' } });
  });

  it('says what a change would do without doing it', async () => {
    const answer = await admin('PUT', 'acme/groups', { rows: [{ key: 'nobody' }], validateOnly: true });
    expect(answer.body).toMatchObject({ changes: [{ outcome: 'created' }] });
    expect((await admin('GET', 'acme/groups/nobody')).status).toBe(404);
  });

  it('names a membership by both, also in a path', async () => {
    const key = (await subjectOfBob()) ?? '';
    await admin('PUT', 'acme/groups', { rows: [{ key: 'fin' }] });
    await admin('PUT', 'acme/memberships', { rows: [{ subject: key, group: 'fin' }] });
    expect((await admin('GET', `acme/memberships/${encodeURIComponent(`${key}/fin`)}`)).body).toMatchObject({
      subject: key,
      group: 'fin',
    });
  });

  it.each([
    ['GET', 'acme/subjects', undefined],
    ['PUT', 'acme/subjects', { rows: [{ key: 'x', identities: BOB }] }],
    ['PATCH', 'acme/subjects/x', { members: {} }],
    ['DELETE', 'acme/subjects/x', undefined],
    ['POST', 'acme/subjects/remove', { names: ['x'] }],
    ['GET', 'acme/changes', undefined],
  ])('%s %s is behind the door', async (method, path, body) => {
    expect((await admin(method, path, body, '')).status).toBe(401);
    const { token: other } = await exchange('alice', { audience: SAMPLE_AUDIENCE });
    expect((await admin(method, path, body, other)).status).toBe(401);
  });

  it.each([
    ['PUT', 'acme/colours', { rows: [{}] }, 404, 'REQUEST_NOT_FOUND'],
    ['GET', 'nowhere/subjects', undefined, 404, 'LIVE_DATA_UNKNOWN'],
    ['PUT', 'acme/subjects', { rows: [] }, 400, 'REQUEST_PARAMETER_INVALID'],
    ['PUT', 'acme/subjects', { rows: [{ key: 'x' }] }, 400, 'LIVE_DATA_INVALID'],
    ['GET', 'acme/subjects?limit=0', undefined, 400, 'REQUEST_PARAMETER_INVALID'],
    ['GET', 'acme/changes?about=x', undefined, 400, 'REQUEST_PARAMETER_INVALID'],
    ['PUT', 'platform/assignments', { rows: [{ principal: 'subject:x', role: 'operator' }] }, 403, 'OPERATOR_NOT_PERMITTED'],
  ])('%s %s %j is refused', async (method, path, body, status, code) => {
    const answer = await admin(method, path, body);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });
});
