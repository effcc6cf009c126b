import { createHash } from 'node:crypto';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import type { DatabaseSettings, Settings } from '#utilities/config/contract.js';
import { basic } from '../support/callers.js';
import { type JsonAnswer, postText } from '../support/checks.js';
import { startService, type TestService } from '../support/service.js';

export const RECORDS = 'https://records.example';
/** Asks about records alone. */
const PEP = 'records-pep';
/** Asks about records and about the sample application. */
export const PORTAL = 'portal-pep';

const on = (...ids: string[]) => ({ type: 'record', ids });

/** The fixture of the certification scenario of AuthZEN 1.0 (2026), as a policy. */
const POLICY = {
  tenant: 'acme',
  attributes: {
    context: { action: { type: 'map<string, bool>', source: 'pep' }, ip: { type: 'string', source: 'pep' } },
    resource: { record: { status: { type: 'string', source: 'pep' } }, invoice: { amount: { type: 'int', source: 'pep' } } },
  },
  roles: { clerk: { grants: ['billing:invoice:*'], exclude: ['billing:invoice:approve'] } },
  bindings: [
    { id: 'alice-reads', principal: 'subject:alice', permissions: ['records:record:read'], resource: on('record-1', 'record-2') },
    { id: 'alice-writes', principal: 'subject:alice', permissions: ['records:record:write'], resource: on('record-1') },
    {
      ...{ id: 'alice-deletes', principal: 'subject:alice', permissions: ['records:record:delete'] },
      ...{ resource: on('record-1'), when: 'context.action.soft' },
    },
    { id: 'bob-reads', principal: 'subject:bob', permissions: ['records:record:read'], resource: on('record-1') },
    { id: 'bob-writes', principal: 'subject:bob', permissions: ['records:record:write'], resource: on('record-2') },
    {
      ...{ id: 'admins', principal: 'group:admins', permissions: ['records:record:write'], resource: { type: 'record' } },
      when: 'resource.status == "archived"',
    },
    { id: 'alice-purges', principal: 'subject:alice', permissions: ['records:record:purge'] },
    { id: 'ana-reads', principal: 'subject:ana', permissions: ['billing:invoice:read'] },
    { id: 'ana-approves', principal: 'subject:ana', permissions: ['billing:invoice:approve'], when: 'resource.amount < 10000' },
    { id: 'services', principal: 'subject:indexer', permissions: ['records:record:read'] },
  ],
  stepUps: [{ id: 'fresh', permissions: ['records:record:purge'], acr: ['mfa'], maxAuthAge: '5m' }],
};

export interface RecordsWorld {
  readonly service: TestService;
  ask(path: string, body: unknown, client?: string): Promise<JsonAnswer>;
  text(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<JsonAnswer>;
  stop(): Promise<void>;
}

export async function startRecords(
  database: DatabaseSettings,
  authzen: Partial<Settings['authzen']> = {},
): Promise<RecordsWorld> {
  const searches = ['action', 'resource', 'subject'] as const;
  const service = await startService({ database, settings: { authzen: { tenant: 'acme', searches, ...authzen } } });
  const digest = createHash('sha256').update(service.secret).digest('hex');
  const presents = { audiences: [{ issuer: 'devkit', id: DEV_API_CLIENT_ID }] };
  const person = (key: string, groups: string[] = [], kind = 'user') => ({
    ...{ tenant: 'acme', key, kind, groups },
    identities: [{ issuer: 'devkit', directory: DEV_DIRECTORY_ID, id: idOf(key) }],
  });
  const sample = sampleDocument(service.identityProvider.cloud, digest);
  await service.apply({
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }, { slug: 'other' }],
    issuers: sample['issuers'],
    applications: [
      {
        ...{ audience: RECORDS, prefix: 'records' },
        permissions: ['read', 'write', 'delete', 'purge'].map((verb) => ({ name: `records:record:${verb}` })),
      },
    ],
    policies: [POLICY],
    groups: [{ tenant: 'acme', key: 'admins' }],
    subjects: [person('bob', ['admins']), person('alice'), person('ana'), person('indexer', [], 'workload')],
    clients: [
      { clientId: PEP, secretSha256: [digest], presents, checks: [RECORDS] },
      { clientId: PORTAL, secretSha256: [digest], presents, checks: [RECORDS, 'https://billing.acme.example'] },
    ],
  });
  const text: RecordsWorld['text'] = (path, body, headers = {}) =>
    postText(service.host, path, { body, headers: { authorization: basic(PEP, service.secret), ...headers } });
  return {
    service,
    text,
    ask: (path, body, client = PEP) => text(path, JSON.stringify(body), { authorization: basic(client, service.secret) }),
    stop: () => service.stop(),
  };
}

/** Alice and Bob are people of the stand-in identity provider; of others a GUID for each key. */
function idOf(key: string): string {
  if (key === 'alice' || key === 'bob') return personaNamed(key).objectId;
  const hex = createHash('sha256').update(key).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
