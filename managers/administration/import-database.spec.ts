import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AuditStore } from '#accessors/audit/audit.store.js';
import { auditLimits, PostgresAuditAccess } from '#accessors/audit/postgres.audit.access.js';
import { DefaultFactAccess } from '#accessors/facts/default.fact.access.js';
import { DefaultIssuerAccess } from '#accessors/issuer/default.issuer.access.js';
import { IssuerTrust } from '#accessors/issuer/issuer-trust.js';
import { IssuerStore } from '#accessors/issuer/stores/issuer.store.js';
import { IssuerVersionStore } from '#accessors/issuer/stores/issuer-version.store.js';
import { DefaultPolicyAccess } from '#accessors/policy/default.policy.access.js';
import { DefaultRegistrationAccess } from '#accessors/registration/default.registration.access.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { asOwner } from '../../test/support/as-owner.js';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { DefaultAdministrationManager, type AdministrationDeps } from './default.administration.manager.js';
import { permissionEngine, policyLanguage } from './fixtures/import-world.fixture.js';
import { BILLING, DIRECTORY, OBJECT, sampleImport } from './fixtures/sample-import.fixture.js';

function realDeps(parts: AccessorParts): AdministrationDeps {
  const logger = new SilentLogger();
  const counters = new MemoryCounters();
  const { database } = parts;
  const store = new IssuerStore({ database });
  const rules = { allowLoopbackHttp: false, ownIssuer: 'https://auth.example.com', presets: [] };
  return {
    registrationAccess: new DefaultRegistrationAccess(parts),
    factAccess: new DefaultFactAccess(parts),
    policyAccess: new DefaultPolicyAccess(parts),
    issuerAccess: new DefaultIssuerAccess({
      ...parts,
      store,
      issuerTrust: new IssuerTrust({ store, versions: new IssuerVersionStore({ database }), rules }),
      source: {
        fetchKeySet: async () => {
          throw new Error('an import fetches nothing');
        },
      },
      rules,
      logger,
      counters,
    }),
    permissionEngine,
    policyLanguage,
    callerProofs: { problemOfKey: () => null },
    changeTrail: new PostgresAuditAccess({
      ...parts,
      store: new AuditStore({ database }),
      counters,
      logger,
      limits: auditLimits(database.engine),
    }),
    unitOfWork: parts.unitOfWork,
  };
}

describeOnEachDatabase('AdministrationManager on a database', (open) => {
  let parts: AccessorParts;
  let deps: AdministrationDeps;
  let manager: DefaultAdministrationManager;

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    deps = realDeps(parts);
    manager = new DefaultAdministrationManager(deps);
  });
  afterAll(() => parts.changeFeed.stop());

  /** Every row of every table, so that any change at all is seen. */
  const everything = async (): Promise<ReadonlyMap<string, string>> => {
    const tables = await asOwner<{ name: string }>(
      parts.unitOfWork,
      "select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1",
    );
    const rows = new Map<string, string>();
    for (const { name } of tables) {
      const found = await asOwner<{ content: string }>(
        parts.unitOfWork,
        `select coalesce(string_agg(t::text, ' ' order by t::text), '') as content from "${name}" t`,
      );
      rows.set(name, found[0]?.content ?? '');
    }
    return rows;
  };
  const permissionsOfAlice = async (): Promise<readonly string[]> => {
    const trusted = await deps.issuerAccess.trustedIssuer(CONTEXT, `https://login.microsoftonline.com/${DIRECTORY}/v2.0`);
    const tenantId = trusted?.tenantRules[0]?.tenantId ?? '';
    const application = await deps.registrationAccess.applicationFor(CONTEXT, BILLING);
    if (application === undefined) throw new Error('the application is not there');
    const identity = { instance: `entra:public:${DIRECTORY}`, externalId: OBJECT.toLowerCase() };
    const now = Date.parse('2026-05-13T08:30:00Z');
    const decision = deps.permissionEngine.effectivePermissions({
      policy: await deps.policyAccess.activePolicy(CONTEXT, tenantId),
      application,
      facts: await deps.factAccess.factsOf(CONTEXT, { tenantId, subject: { by: 'identity', identity }, groups: [] }),
      external: { values: new Map(), unavailable: new Set(), validUntil: null },
      claims: { issuer: 'contoso', roles: [], groups: [], acr: null, amr: [], authTime: null },
      context: null,
      boundary: ['billing:**'],
      ceiling: null,
      scope: null,
      unit: null,
      now,
      until: now,
    });
    return decision.effect === 'granted' ? decision.permissions : [decision.code];
  };

  it('leaves nothing behind of a document that turns out to be wrong half-way', async () => {
    const before = await everything();
    expect(before.size).toBeGreaterThan(8);
    const [alice] = sampleImport().subjects;
    const document = { ...sampleImport(), subjects: [{ ...alice, groups: ['nowhere'] }] };
    await expect(manager.importDocument(CONTEXT, document)).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
    expect(await everything()).toEqual(before);
  });

  it('brings a document about, so that the permissions follow from it', async () => {
    const { counts } = await manager.importDocument(CONTEXT, sampleImport());
    expect(counts).toEqual({
      tenants: { created: 2, updated: 0, unchanged: 0 },
      applications: { created: 1, updated: 0, unchanged: 0 },
      issuers: { created: 2, updated: 0, unchanged: 0 },
      policies: { created: 1, updated: 0, unchanged: 0 },
      clients: { created: 1, updated: 0, unchanged: 0 },
      groups: { created: 1, updated: 0, unchanged: 0 },
      subjects: { created: 1, updated: 0, unchanged: 0 },
      assignments: { created: 2, updated: 0, unchanged: 0 },
    });
    expect(await permissionsOfAlice()).toEqual(['billing:invoice:read']);
  });

  it('changes nothing when the same document comes again, but for the record that it came', async () => {
    const before = await everything();
    const { counts } = await manager.importDocument(CONTEXT, sampleImport());
    for (const { created, updated } of Object.values(counts)) expect([created, updated]).toEqual([0, 0]);
    const after = await everything();
    const differing = [...after].filter(([table, content]) => before.get(table) !== content).map(([table]) => table);
    expect(differing).toContain('audit_record');
    expect(differing.filter((table) => !table.startsWith('audit_'))).toEqual([]);
  });

  it('never takes away by silence what a policy in force says', async () => {
    const { policies, applications, issuers } = sampleImport();
    const apiVersion = 'countersign/v1';
    const tiers = [{ key: 'team' }];
    const denies = [{ id: 'no-deletion', principals: ['all'], permissions: ['**:delete'] }];
    const written = (more: object): object => ({ tenant: 'beta', name: 'main', ...policies[0], ...more });
    const document = (more: object): object => ({
      apiVersion,
      applications,
      issuers,
      policies: [written({ tenant: 'beta', ...more })],
    });
    await manager.importDocument(CONTEXT, document({ tiers, denies }));
    const before = await everything();
    const silent = manager.importDocument(CONTEXT, document({ tiers }));
    await expect(silent).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
      details: { actual: expect.stringContaining('denies') },
    });
    expect(await everything()).toEqual(before);
    const [deny] = denies;
    for (const [fewer, named] of [
      [{ denies: [{ ...deny, id: 'another' }] }, 'denies (no-deletion)'],
      [{ denies: [{ ...deny, permissions: ['billing:invoice:delete'] }] }, 'denies (no-deletion)'],
      [{ denies: [{ ...deny, except: ['role:clerk'] }] }, 'denies (no-deletion)'],
      [{ denies: [{ ...deny, valid: { until: '2026-01-01T00:00:00Z' } }] }, 'denies (no-deletion)'],
    ] as const) {
      const refused = manager.importDocument(CONTEXT, document({ tiers, ...fewer }));
      await expect(refused).rejects.toMatchObject({ details: { actual: expect.stringContaining(named) } });
    }
    expect(await everything()).toEqual(before);
    const more = [...denies, { ...deny, id: 'nor-reports', permissions: ['billing:invoice:read'] }];
    expect((await manager.importDocument(CONTEXT, document({ tiers, denies: more }))).counts.policies.updated).toBe(1);
    const { counts } = await manager.importDocument(CONTEXT, document({ tiers, denies: more }));
    expect(counts.policies).toEqual({ created: 0, updated: 0, unchanged: 1 });
  });

  it('takes a part, and leaves alone what it does not name', async () => {
    const apiVersion = 'countersign/v1';
    const change = { tenant: 'acme', principal: 'subject:alice' };
    await manager.importDocument(CONTEXT, { apiVersion, assignments: [{ ...change, role: 'lead' }] });
    expect(await permissionsOfAlice()).toEqual(['billing:invoice:delete', 'billing:invoice:read']);
    await manager.importDocument(CONTEXT, { apiVersion, assignments: [{ ...change, role: 'lead', state: 'revoked' }] });
    expect(await permissionsOfAlice()).toEqual(['billing:invoice:read']);
    await manager.importDocument(CONTEXT, { apiVersion, tenants: [{ slug: 'acme', status: 'suspended' }] });
    expect(await permissionsOfAlice()).toEqual(['TENANT_SUSPENDED']);
  });

  it.each([
    ['an assignment', { assignments: [{ tenant: 'nowhere', principal: 'subject:alice', role: 'clerk' }] }],
    ['an assignment to nobody', { assignments: [{ tenant: 'acme', principal: 'subject:nobody', role: 'clerk' }] }],
    ['a group', { groups: [{ tenant: 'nowhere', key: 'fin' }] }],
    [
      'an issuer',
      { issuers: [{ name: 'other', provider: 'oidc', issuer: 'https://x.example', tenant: 'nowhere', audiences: ['x'] }] },
    ],
  ])('refuses %s that refers to what is nowhere', async (_, more) => {
    const before = await everything();
    const imported = manager.importDocument(CONTEXT, { apiVersion: 'countersign/v1', ...more });
    await expect(imported).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
    expect(await everything()).toEqual(before);
  });
});
