import { describe, expect, it } from '@jest/globals';
import { EMPTY_POLICY } from '#accessors/policy/contract.js';
import { policyLanguage } from './fixtures/import-world.fixture.js';
import { BILLING, DIRECTORY, OBJECT, sampleImport } from './fixtures/sample-import.fixture.js';
import { importDocumentJsonSchema } from './import-document.js';
import { importPlan, type ImportPlan } from './import-plan.js';
import { readPolicies } from './import-policies.js';
import { readImport } from './import-reading.js';

const planOf = (document: unknown): ImportPlan => {
  const read = readImport(document);
  return importPlan(read.sections, readPolicies(read, policyLanguage).policies);
};

describe('import plan', () => {
  it('says in the words of the accessors what the file says, with every default', () => {
    expect(planOf(sampleImport())).toEqual({
      tenants: [
        { slug: 'acme', status: null },
        { slug: 'beta', status: 'suspended' },
      ],
      applications: [
        {
          audience: BILLING,
          prefix: 'billing',
          permissions: [{ name: 'billing:invoice:read', description: 'See invoices' }, { name: 'billing:invoice:delete' }],
          allowsEmptyPermissions: false,
          tokenLifetimeSeconds: null,
          signingAlgorithm: 'ES256',
        },
      ],
      issuers: [
        {
          name: 'contoso',
          provider: 'entra-id',
          cloud: { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' },
          directoryIds: [DIRECTORY],
          anyDirectory: false,
          audiences: ['api://orders'],
          algorithms: ['RS256'],
          skewSeconds: 60,
          maxTokenAgeSeconds: { user: 7200, workload: 86_400 },
          tenantRules: [{ slug: 'acme', when: { claim: 'tid', equals: DIRECTORY } }],
          status: null,
        },
        {
          name: 'keycloak',
          provider: 'oidc',
          issuer: 'https://kc.example/realms/r',
          audiences: ['orders'],
          skewSeconds: 60,
          maxTokenAgeSeconds: { user: 7200, workload: 86_400 },
          tenantRules: [{ slug: 'acme', when: null }],
          status: null,
        },
      ],
      policies: [
        {
          tenant: 'acme',
          set: 'main',
          content: {
            ...EMPTY_POLICY,
            roles: [
              { key: 'clerk', grants: ['billing:invoice:*'], exclude: ['billing:invoice:delete'], inherits: [] },
              { key: 'lead', grants: ['**:delete'], exclude: [], inherits: ['clerk'] },
            ],
            mappings: [{ issuer: 'contoso', claim: 'roles', value: 'Orders.Read.All', role: 'clerk' }],
          },
        },
      ],
      clients: [
        {
          clientId: 'orders-api',
          kind: 'confidential',
          origins: [],
          status: null,
          secretSha256: ['a'.repeat(64)],
          ownPresenters: [{ issuer: 'contoso', id: 'app-1' }],
          listedPresenters: [],
          apiAudiences: [{ issuer: 'keycloak', id: 'orders' }],
          targets: [{ audience: BILLING, scopes: ['billing:**'], delegationCeiling: ['billing:invoice:read'] }],
        },
      ],
      groups: [{ tenant: 'acme', key: 'fin' }],
      subjects: [
        {
          tenant: 'acme',
          key: 'alice',
          kind: 'user',
          status: null,
          identities: [
            { instance: `entra:public:${DIRECTORY}`, externalId: OBJECT.toLowerCase() },
            { instance: 'oidc:https://kc.example/realms/r', externalId: 'f:Alice' },
          ],
          groups: ['fin'],
        },
      ],
      assignments: [
        { tenant: 'acme', principal: { type: 'subject', key: 'alice' }, role: 'clerk', state: null },
        { tenant: 'acme', principal: { type: 'group', key: 'fin' }, role: 'lead', state: 'revoked' },
      ],
    });
  });

  it('passes on what clients may ask, how grave permissions are, and what settles context', () => {
    const { applications, clients } = sampleImport();
    const [billing] = applications;
    const permissions = [{ name: 'billing:invoice:read', risk: 'high', maxLifetimeSeconds: 300 }];
    const plan = planOf({
      apiVersion: 'countersign/v1',
      applications: [{ ...billing, settlesContext: true, permissions }],
      clients: clients.map((client) => ({ ...client, checks: [BILLING], explains: true })),
    });
    expect(plan.applications).toMatchObject([{ settlesContext: true, permissions }]);
    expect(plan.clients).toMatchObject([{ checks: [BILLING], explains: true }]);
  });

  it('a file may hold no more than its version', () => {
    expect(Object.values(planOf({ apiVersion: 'countersign/v1' })).flat()).toEqual([]);
  });

  it('a delegation ceiling that is not given is empty, and secrets that are not given stay', () => {
    const document = sampleImport();
    const plan = planOf({ ...document, clients: [{ clientId: 'c', targets: [{ audience: BILLING, scopes: [] }] }] });
    expect(plan.clients).toMatchObject([
      { secretSha256: null, ownPresenters: [], targets: [{ scopes: [], delegationCeiling: [] }] },
    ]);
  });

  it.each([
    ['usgov', 'https://login.microsoftonline.us', 'https://sts.windows.net'],
    ['china', 'https://login.partner.microsoftonline.cn', 'https://sts.chinacloudapi.cn'],
  ])('knows the cloud %s', (cloud, loginBase, v1IssuerBase) => {
    const [entra] = sampleImport().issuers;
    expect(planOf({ apiVersion: 'countersign/v1', issuers: [{ ...entra, cloud }] }).issuers).toMatchObject([
      { cloud: { name: cloud, loginBase, v1IssuerBase } },
    ]);
  });

  it('a development cloud is one more record, and part of the identity', () => {
    const document = sampleImport();
    const cloud = { name: 'devkit', loginBase: 'http://127.0.0.1:4000', v1IssuerBase: 'http://127.0.0.1:4000/v1' };
    const [entra, oidc] = document.issuers;
    const plan = planOf({ ...document, issuers: [{ ...entra, cloud }, oidc] });
    expect(plan.issuers[0]).toMatchObject({ cloud });
    expect(plan.subjects[0]?.identities[0]?.instance).toBe(`entra:devkit:${DIRECTORY}`);
  });

  it('chooses tenants by claim', () => {
    const [, oidc] = sampleImport().issuers;
    const tenants = [{ tenant: 'acme', when: { claim: 'org', equals: 'Acme' } }, { tenant: 'beta' }];
    const issuers = [{ name: 'org', provider: 'oidc', issuer: oidc?.issuer, audiences: ['x'], tenants }];
    expect(planOf({ apiVersion: 'countersign/v1', issuers }).issuers).toMatchObject([
      {
        tenantRules: [
          { slug: 'acme', when: { claim: 'org', equals: 'Acme' } },
          { slug: 'beta', when: null },
        ],
      },
    ]);
  });
});

describe('JSON Schema of the import file', () => {
  it('names every section and takes no others', () => {
    const schema = importDocumentJsonSchema(policyLanguage.schemas().policy);
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false, required: ['apiVersion'] });
    expect(Object.keys(schema['properties'] ?? {})).toEqual(['apiVersion', ...Object.keys(sampleImport()).slice(1)]);
  });

  it('has in a policy every section of a policy file', () => {
    const { properties = {} } = importDocumentJsonSchema(policyLanguage.schemas().policy) as {
      properties?: Record<string, object>;
    };
    expect(properties['policies']).toMatchObject({
      items: { additionalProperties: false, required: ['tenant', 'roles'], properties: { tenant: {}, name: {}, denies: {} } },
    });
  });
});
