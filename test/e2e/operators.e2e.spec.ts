import { createHash } from 'node:crypto';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { KeyServiceClient, type ListKeysResponse } from '#protos/generated/countersign/keys/v1/keys.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { describeOnEachDatabase } from '../support/database.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const ADMINISTRATION_PERMISSIONS = ['read', 'rotate', 'revoke'].map((verb) => ({ name: `countersign:key:${verb}` }));
const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000002', transport: 'cli' } as const;

describeOnEachDatabase('The door of administration', (open) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const olga = { cloud: 'devkit', tid: DEV_DIRECTORY_ID, oid: personaNamed('alice').objectId };
    await service.host.administration.appointFirstOperator(CONTEXT, { apiVersion: 'countersign/bootstrap/v1', operator: olga });
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
  }, 60_000);
  afterAll(() => service.stop());

  async function tokenFor(persona: 'alice' | 'bob', more: Record<string, string> = {}): Promise<string> {
    const subject = service.identityProvider.issue({ persona });
    const form = exchangeForm(subject, { audience: 'countersign', tenant: 'platform', ...more });
    const answer = await post(service.host, form, { authorization: basic('ops-cli', service.secret) });
    return String(answer.body['access_token'] ?? answer.body['code']);
  }

  function admin(path: string, token: string | null, body?: object): Promise<Response> {
    return fetch(`${service.host.httpUrl}/admin/v1/keys${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  it('opens to the first operator with a token of our own', async () => {
    const answer = await admin('', await tokenFor('alice'));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ keys: [{ state: 'active', algorithm: 'ES256' }] });
  });

  it('gives nobody else a token for it', async () => {
    expect(await tokenFor('bob')).toBe('TENANT_NOT_ALLOWED');
    expect(await tokenFor('alice', { tenant: 'acme' })).toBe('PERMISSION_NONE');
  });

  it('is not opened by what an identity provider says about a stranger, nor for another application', async () => {
    await service.apply({
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }],
      issuers: sampleDocument(service.identityProvider.cloud, '')['issuers'],
      applications: [
        { audience: 'countersign', prefix: 'countersign', permissions: ADMINISTRATION_PERMISSIONS },
        {
          audience: SAMPLE_AUDIENCE,
          prefix: 'billing',
          permissions: [{ name: 'billing:invoice:read' }],
          allowEmptyPermissions: true,
        },
      ],
      policies: [
        {
          tenant: 'platform',
          name: 'main',
          roles: { operator: { grants: ['countersign:**'] } },
          mappings: [{ issuer: 'devkit', claim: 'roles', equals: 'Everything', role: 'operator' }],
        },
      ],
    });
    const stranger = service.identityProvider.issue({ persona: 'bob', overrides: { roles: ['Everything'] } });
    for (const audience of ['countersign', SAMPLE_AUDIENCE]) {
      const form = exchangeForm(stranger, { audience, tenant: 'platform' });
      const answer = await post(service.host, form, { authorization: basic('ops-cli', service.secret) });
      expect([answer.status, answer.body['code']]).toEqual([400, 'TENANT_NOT_ALLOWED']);
    }
    expect((await admin('', await tokenFor('alice'))).status).toBe(200);
  });

  it.each([
    ['nothing', null],
    ['garbage', 'abc'],
    ['a token that only looks like one', 'eyJhbGciOiJub25lIn0.e30.'],
  ])('stays shut for %s', async (_name, token) => {
    for (const [path, body] of [
      ['', undefined],
      ['/export', undefined],
      ['/rotate', {}],
      ['/x/taint', { reason: 'x' }],
      ['/x/revoke', { reason: 'x' }],
    ] as const) {
      const answer = await admin(path, token, body);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
      expect(await answer.json()).toMatchObject({ code: 'OPERATOR_UNAUTHENTICATED', status: 401 });
    }
  });

  it('stays shut for tokens of other audiences and of the identity provider', async () => {
    const billing = await post(
      service.host,
      exchangeForm(service.identityProvider.issue({ persona: 'alice' }), { audience: SAMPLE_AUDIENCE }),
      {
        authorization: basic(PORTAL_CLIENT_ID, service.secret),
      },
    );
    expect((await admin('', String(billing.body['access_token']))).status).toBe(401);
    expect((await admin('', service.identityProvider.issue({ persona: 'alice' }))).status).toBe(401);
  });

  it('asks for the permission of each thing', async () => {
    const reader = await tokenFor('alice', { scope: 'countersign:key:read' });
    expect((await admin('', reader)).status).toBe(200);
    const refused = await admin('/rotate', reader, { validateOnly: true });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: 'OPERATOR_NOT_PERMITTED', expected: 'countersign:key:rotate' });
  });

  it('says what a rotation would do and does nothing, with validateOnly', async () => {
    const token = await tokenFor('alice');
    const before = (await (await admin('', token)).json()) as { epoch: number };
    const answer = await admin('/rotate', token, { validateOnly: true });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ validateOnly: true, epoch: before.epoch });
    expect(await (await admin('', token)).json()).toMatchObject({ epoch: before.epoch });
  });

  it('refuses a body with unknown members', async () => {
    const answer = await admin('/rotate', await tokenFor('alice'), { validateonly: true });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'REQUEST_PARAMETER_INVALID']);
  });

  it('is the same over gRPC', async () => {
    expect(await listKeys(await tokenFor('alice'))).toMatchObject({ keys: [{ state: 'active' }] });
    expect(await listKeys(undefined)).toBe('UNAUTHENTICATED');
    expect(await listKeys('abc')).toBe('UNAUTHENTICATED');
    expect(await listKeys(await tokenFor('alice', { scope: 'countersign:key:rotate' }))).toBe('PERMISSION_DENIED');
  });

  it('does not take client credentials for an operator, nor an operator for a client', async () => {
    const client = new Client(service.host.grpcAddress, credentials.createInsecure());
    const same = (value: Buffer): Buffer => value;
    const codeOf = (path: string, authorization: string): Promise<string> => {
      const metadata = new Metadata();
      metadata.set('authorization', authorization);
      return new Promise((resolve) => {
        client.makeUnaryRequest(path, same, same, Buffer.alloc(0), metadata, (error: ServiceError | null) => {
          resolve(error === null ? 'OK' : status[error.code]);
        });
      });
    };
    expect(await codeOf('/countersign.keys.v1.KeyService/ListKeys', basic('ops-cli', service.secret))).toBe('UNAUTHENTICATED');
    expect(await codeOf('/countersign.auth.v1.AuthService/ExchangeToken', `Bearer ${await tokenFor('alice')}`)).toBe(
      'UNAUTHENTICATED',
    );
    client.close();
  });

  function listKeys(token: string | undefined): Promise<ListKeysResponse | string> {
    const client = new KeyServiceClient(service.host.grpcAddress, credentials.createInsecure());
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    return new Promise((resolve) => {
      client.listKeys({}, metadata, (error, response) => {
        client.close();
        resolve(error === null ? response : status[error.code]);
      });
    });
  }
});
