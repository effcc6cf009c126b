import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import { EMPTY_POLICY, type PolicyContent, type PolicyDocument, type RoleDefinition } from './contract.js';
import { DefaultPolicyAccess } from './default.policy.access.js';

const role = (key: string, changes: Partial<RoleDefinition> = {}): RoleDefinition => ({
  key,
  inherits: [],
  grants: [`billing:${key}:read`],
  exclude: [],
  ...changes,
});

function policy(
  tenant: string,
  roles: readonly RoleDefinition[],
  { set = 'main', ...content }: Partial<PolicyContent> & { readonly set?: string } = {},
): PolicyDocument {
  return { tenant, set, content: { ...EMPTY_POLICY, roles, ...content } };
}

async function addTenant(parts: AccessorParts, slug: string): Promise<string> {
  const id = parts.ids.ordered();
  await asOwner(parts.unitOfWork, 'insert into tenant (id, slug) values ($1, $2)', [id, slug]);
  return id;
}

const SMALL = { key: 'small', expression: 'resource.amount < params.limit', params: { a: [{ x: 1, y: 'z' }], limit: 10 } };
const MAPPING = { issuer: 'contoso', claim: 'roles' as const, value: 'Orders.Read.All', role: 'a' };
const VALID = { from: 1_767_225_600_000, until: null };
const FULL_SECTIONS = {
  attributes: [{ root: 'resource', resourceType: 'invoice', name: 'amount', type: 'int', source: 'pep' }],
  conditions: [{ key: 'small', expression: 'resource.amount < params.limit' }],
  bindings: [
    {
      id: 'emea-small',
      principal: 'group:emea',
      role: null,
      permissions: ['billing:x:y'],
      unit: 'org.emea',
      condition: SMALL,
      resource: { type: 'invoice', ids: ['a', 'b'], path: null },
      valid: VALID,
    },
  ],
  tiers: [
    { key: 'team', flags: [] },
    { key: 'pro', flags: ['reports'] },
    { key: 'enterprise', flags: [] },
  ],
  gates: [{ id: 'g3', permissions: ['billing:**'], tier: 'pro', flags: ['reports'] }],
  denies: [{ id: 'd1', principals: ['all'], permissions: ['**:x'], except: ['role:clerk'], condition: null, valid: ALWAYS }],
  stepUps: [{ id: 's1', permissions: ['billing:**'], acr: ['high'], maxAuthAgeSeconds: 300 }],
  routes: [
    {
      match: 'GET /v1/x/{id}',
      application: 'billing',
      permission: 'billing:x:y',
      resource: { type: 'x', id: '{id}' },
    },
  ],
} satisfies Partial<PolicyContent>;
const FULL = {
  ...FULL_SECTIONS,
  mappings: [
    { ...MAPPING, role: 'clerk', group: null, unit: 'org.emea', condition: SMALL },
    { ...MAPPING, value: 'Team', role: null, group: 'emea', unit: null, condition: null },
  ],
} satisfies Partial<PolicyContent>;

describeOnEachDatabase('PolicyAccess', (open) => {
  let parts: AccessorParts;
  let policies: DefaultPolicyAccess;
  let tenants = 0;
  let tenant: string;
  let tenantId: string;

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    policies = new DefaultPolicyAccess(parts);
  });
  afterAll(() => parts.changeFeed.stop());
  beforeEach(async () => {
    tenant = `tenant-${(tenants += 1)}`;
    tenantId = await addTenant(parts, tenant);
  });

  const active = async () => {
    await parts.changeFeed.announce();
    return policies.activePolicy(CONTEXT, tenantId);
  };

  it('answers an empty policy with sequence 0 where none was ever activated', async () => {
    expect(await active()).toEqual({ tenantId, set: 'main', sequence: 0, ...EMPTY_POLICY });
  });

  it('answers what was activated, whole', async () => {
    const roles = [
      role('clerk', { grants: ['billing:invoice:*', 'billing:invoice:read'], exclude: ['billing:invoice:delete'] }),
      role('owner', { inherits: ['clerk'], grants: ['billing:**'] }),
    ];
    expect(await policies.activate(CONTEXT, policy(tenant, roles, FULL))).toBe('created');
    expect(await active()).toEqual({ tenantId, set: 'main', sequence: 1, ...FULL, roles });
  });

  it('reads a version that was stored when there was less to say', async () => {
    const id = parts.ids.ordered();
    const document = {
      roles: [{ key: 'clerk', inherits: [], grants: ['billing:x:y'], exclude: [] }],
      mappings: [{ issuer: 'contoso', claim: 'roles', value: 'Clerk', role: 'clerk' }],
    };
    await asOwner(
      parts.unitOfWork,
      `insert into policy_version (tenant_id, id, policy_set, seq, sha256, document) values ($1, $2, 'main', 1, sha256($3), $4)`,
      [tenantId, id, JSON.stringify(document), JSON.stringify(document)],
    );
    await asOwner(
      parts.unitOfWork,
      `insert into policy_activation (tenant_id, id, number, policy_set, version_id) values ($1, $2, 7, 'main', $2)`,
      [tenantId, id],
    );
    const mappings = [{ ...document.mappings[0], group: null, unit: null, condition: null }];
    expect(await active()).toEqual({ tenantId, set: 'main', sequence: 1, ...EMPTY_POLICY, roles: document.roles, mappings });
    const again = policy(tenant, document.roles, {
      mappings: [{ issuer: 'contoso', claim: 'roles', value: 'Clerk', role: 'clerk' }],
    });
    expect(await policies.activate(CONTEXT, again)).toBe('unchanged');
    expect(await policies.activate(CONTEXT, policy(tenant, []))).toBe('updated');
  });

  it('records a new version only for what says something else, whatever the order it is said in', async () => {
    const roles = [role('b', { grants: ['billing:b:y', 'billing:b:x'] }), role('a')];
    await policies.activate(CONTEXT, policy(tenant, roles));
    const reordered = [role('a'), role('b', { grants: ['billing:b:x', 'billing:b:y', 'billing:b:x'] })];
    expect(await policies.activate(CONTEXT, policy(tenant, reordered))).toBe('unchanged');
    expect((await active()).sequence).toBe(1);
    expect(await policies.activate(CONTEXT, policy(tenant, [role('a')]))).toBe('updated');
    expect((await active()).sequence).toBe(2);
  });

  it('goes back by a new activation of the version that said it first', async () => {
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    await policies.activate(CONTEXT, policy(tenant, [role('b')]));
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    const { sequence, roles } = await active();
    expect([sequence, roles.map(({ key }) => key)]).toEqual([1, ['a']]);
    expect(await asOwner(parts.unitOfWork, 'select 1 from policy_activation where tenant_id = $1', [tenantId])).toHaveLength(3);
  });

  it('lets the newest activation win, whichever set it names', async () => {
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    await policies.activate(CONTEXT, policy(tenant, [role('b')], { set: 'trial' }));
    expect(await active()).toMatchObject({ set: 'trial', sequence: 1 });
    expect(await policies.activate(CONTEXT, policy(tenant, [role('a')]))).toBe('updated');
    expect(await active()).toMatchObject({ set: 'main', sequence: 1 });
  });

  it('leaves a shadow activation out', async () => {
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    await policies.activate(CONTEXT, policy(tenant, [role('b')]));
    await asOwner(
      parts.unitOfWork,
      `insert into policy_activation (tenant_id, id, number, policy_set, version_id, mode)
         select tenant_id, gen_random_uuid(), 3, policy_set, id, 'shadow' from policy_version where tenant_id = $1 and seq = 1`,
      [tenantId],
    );
    expect((await active()).sequence).toBe(2);
  });

  it('answers the same object until another version is active, also when other data of the tenant changes', async () => {
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    const first = await active();
    await asOwner(parts.unitOfWork, `update tenant set boundary_patterns = '{x}' where id = $1`, [tenantId]);
    const before = parts.database.statements;
    expect(await active()).toBe(first);
    expect(parts.database.statements).toBeGreaterThan(before);
    await policies.activate(CONTEXT, policy(tenant, [role('b')]));
    expect(await active()).not.toBe(first);
  });

  it('reads nothing when nothing changed', async () => {
    await active();
    const before = parts.database.statements;
    await policies.activePolicy(CONTEXT, tenantId);
    expect(parts.database.statements).toBe(before);
  });

  it('keeps tenants apart', async () => {
    await addTenant(parts, `${tenant}-other`);
    await policies.activate(CONTEXT, policy(`${tenant}-other`, [role('a')]));
    expect((await active()).sequence).toBe(0);
  });

  it('refuses a policy of a tenant that is not there', async () => {
    await expect(policies.activate(CONTEXT, policy('nowhere', []))).rejects.toMatchObject({
      code: 'IMPORT_INVALID',
      details: { actual: 'tenant nowhere is not there' },
    });
  });

  it.each([
    ['bindings', { bindings: FULL_SECTIONS.bindings }],
    ['denies', { denies: FULL_SECTIONS.denies }],
    ['gates', { gates: FULL_SECTIONS.gates }],
    ['stepUps', { stepUps: FULL_SECTIONS.stepUps }],
    ['routes (GET /v1/x/{id})', { routes: FULL_SECTIONS.routes }],
    ['tiers', { tiers: FULL_SECTIONS.tiers }],
    ['attributes', { attributes: FULL_SECTIONS.attributes }],
    ['conditions', { conditions: FULL_SECTIONS.conditions }],
    ['eligible roles', { roles: [role('a', { assignment: 'eligible' })] }],
    ['exclusions from roles (a: x:y)', { roles: [role('a', { exclude: ['x:y'] })] }],
    ['limited mappings', { mappings: [{ ...MAPPING, role: null, group: 'g' }] }],
    ['limited mappings', { mappings: [{ ...MAPPING, unit: 'org.emea' }] }],
    ['limited mappings', { mappings: [{ ...MAPPING, condition: SMALL }] }],
  ])(
    'refuses an import that says nothing of the %s in force, and changes nothing',
    async (what, content: Partial<PolicyContent>) => {
      await policies.activate(CONTEXT, policy(tenant, [role('a')], content));
      await expect(policies.activate(CONTEXT, policy(tenant, [role('a')], { mappings: [MAPPING] }))).rejects.toMatchObject({
        code: 'IMPORT_INVALID',
        details: { actual: expect.stringContaining(what) as unknown },
      });
      expect((await active()).sequence).toBe(1);
    },
  );

  it.each([
    `update policy_version set seq = seq + 1`,
    `update policy_version set document = '{}'`,
    `delete from policy_version`,
    `delete from policy_activation`,
    `truncate policy_activation`,
  ])('refuses to rewrite history: %s', async (statement) => {
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    await expect(asOwner(parts.unitOfWork, statement)).rejects.toThrow(/append-only/);
  });
});

describeOnPostgres('PolicyAccess in two processes', (open) => {
  it('numbers versions without a gap or a repeat, and shows them in the other process', async () => {
    const test = await open();
    const one = await accessorParts(test.database);
    const other = await accessorParts(await test.reopen());
    const tenantId = await addTenant(one, 'acme');
    const [mine, theirs] = [new DefaultPolicyAccess(one), new DefaultPolicyAccess(other)];
    await Promise.all(
      [mine, theirs, mine, theirs].map((each, number) => each.activate(CONTEXT, policy('acme', [role(`role-${number}`)]))),
    );
    const versions = await asOwner<{ seq: number }>(one.unitOfWork, 'select seq from policy_version order by seq');
    expect(versions.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    await one.changeFeed.announce();
    await until(
      'the other process answers the newest',
      async () => (await theirs.activePolicy(CONTEXT, tenantId)).sequence === 4,
    );
    await one.changeFeed.stop();
    await other.changeFeed.stop();
  });
});
