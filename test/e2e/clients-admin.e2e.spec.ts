import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000004', transport: 'cli' } as const;
const own = [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }];

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

describeOnPostgres('Clients over REST', (open) => {
  let service: TestService;
  let operator = '';
  let auditor = '';

  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const first = { cloud: 'devkit', tid: DEV_DIRECTORY_ID, oid: personaNamed('alice').objectId };
    await service.host.administration.appointFirstOperator(CONTEXT, { apiVersion: 'countersign/bootstrap/v1', operator: first });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    const targets = [{ audience: 'countersign', scopes: ['countersign:**'] }];
    await service.apply({
      apiVersion: 'countersign/v1',
      issuers: sampleDocument(service.identityProvider.cloud, digest)['issuers'],
      clients: [{ clientId: 'ops-cli', secretSha256: [digest], presents: { own }, targets }],
    });
    operator = await tokenWith({});
    auditor = await tokenWith({ scope: 'countersign:client:read' });
  }, 60_000);
  afterAll(() => service.stop());

  async function tokenWith(more: Readonly<Record<string, string>>): Promise<string> {
    const subject = service.identityProvider.issue({ persona: 'alice' });
    const form = exchangeForm(subject, { audience: 'countersign', tenant: 'platform', ...more });
    const { body } = await post(service.host, form, { authorization: basic('ops-cli', service.secret) });
    return String(body['access_token'] ?? '');
  }

  async function admin(method: string, path: string, body?: object, bearer = operator): Promise<Answer> {
    const response = await fetch(`${service.host.httpUrl}/admin/v1/clients${path}`, {
      method,
      headers: {
        ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
  }

  const exchange = async (clientId: string, secret: string): Promise<unknown> => {
    const form = exchangeForm(service.identityProvider.issue({ persona: 'alice' }), { audience: SAMPLE_AUDIENCE });
    const { status, body } = await post(service.host, form, { authorization: basic(clientId, secret) });
    return status === 200 ? 'issued' : body['code'];
  };
  const client = { clientId: 'made/here', presents: { own }, targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }] };
  const PATH = `/${encodeURIComponent(client.clientId)}`;

  it('are registered, given a secret that is shown once, shut out, let in, and lose the secret: at once', async () => {
    expect((await admin('PUT', '', { client })).body).toMatchObject({ clientId: client.clientId, outcome: 'created' });
    const { body, headers } = await admin('POST', `${PATH}/secrets`, { days: 30 });
    const [secret, id] = [String(body['secret']), String(body['id'])];
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await exchange(client.clientId, secret)).toBe('issued');
    expect(JSON.stringify([(await admin('GET', '')).body, (await admin('GET', PATH)).body])).not.toContain(secret);

    expect((await admin('POST', `${PATH}/disable`)).body).toMatchObject({ outcome: 'updated' });
    expect(await exchange(client.clientId, secret)).toBe('CLIENT_UNAUTHENTICATED');
    expect((await admin('POST', `${PATH}/enable`, {})).body).toMatchObject({ outcome: 'updated' });
    expect(await exchange(client.clientId, secret)).toBe('issued');
    expect((await admin('DELETE', `${PATH}/secrets/${id}?validateOnly=true`)).status).toBe(204);
    expect(await exchange(client.clientId, secret)).toBe('issued');
    expect((await admin('DELETE', `${PATH}/secrets/${id}`)).status).toBe(204);
    expect(await exchange(client.clientId, secret)).toBe('CLIENT_UNAUTHENTICATED');
  });

  it('are told of with every fault where they cannot be registered so', async () => {
    const faulty = await admin('PUT', '', {
      client: { ...client, origins: ['https://a.test'], serves: ['https://nobody.test'] },
    });
    expect([faulty.status, faulty.body['code']]).toEqual([400, 'CLIENT_INVALID']);
    expect(faulty.body['actual']).toMatch(/origins: .*\nserves\[0\]: /);
    expect((await admin('GET', '/nobody')).body).toMatchObject({ status: 404, code: 'CLIENT_UNKNOWN' });
    expect((await admin('POST', `${PATH}/secrets`, { days: 731 })).body).toMatchObject({ code: 'REQUEST_PARAMETER_INVALID' });
  });

  it('are changed by nobody but operators who may, and never so that they administer this service', async () => {
    for (const [method, path, body] of [
      ['PUT', '', { client }],
      ['POST', `${PATH}/secrets`, {}],
      ['POST', `${PATH}/disable`, {}],
      ['POST', `${PATH}/enable`, {}],
      ['DELETE', `${PATH}/secrets/x`, undefined],
    ] as const) {
      expect((await admin(method, path, body, '')).status).toBe(401);
      expect((await admin(method, path, body, auditor)).status).toBe(403);
    }
    expect((await admin('GET', '', undefined, '')).status).toBe(401);
    expect((await admin('GET', '', undefined, auditor)).status).toBe(200);
    const targets = [{ audience: 'countersign', scopes: ['countersign:**'], impersonation: ['countersign:**'] }];
    expect((await admin('PUT', '', { client: { ...client, targets } })).body).toMatchObject({ code: 'OPERATOR_NOT_PERMITTED' });
    for (const [method, path, body] of [
      ['PUT', '', { client: { ...client, clientId: 'ops-cli' } }],
      ['POST', '/ops-cli/secrets', { days: 1 }],
      ['POST', '/ops-cli/disable', {}],
      ['POST', '/ops-cli/enable', {}],
      ['DELETE', '/ops-cli/secrets/x', undefined],
    ] as const)
      expect((await admin(method, path, body)).body).toMatchObject({ code: 'OPERATOR_NOT_PERMITTED' });
  });
});
