import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import type { PolicyDocument, RoleDefinition } from './contract.js';
import { DefaultPolicyAccess } from './default.policy.access.js';

const role = (key: string, changes: Partial<RoleDefinition> = {}): RoleDefinition => ({
  key,
  inherits: [],
  grants: [`billing:${key}:read`],
  exclude: [],
  ...changes,
});

function policy(tenant: string, roles: readonly RoleDefinition[], changes: Partial<PolicyDocument> = {}): PolicyDocument {
  return { tenant, set: 'main', roles, mappings: [], ...changes };
}

async function addTenant(parts: AccessorParts, slug: string): Promise<string> {
  const id = parts.ids.ordered();
  await parts.database.query('insert into tenant (id, slug) values ($1, $2)', [id, slug]);
  return id;
}

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
    expect(await active()).toEqual({ tenantId, set: 'main', sequence: 0, roles: [], mappings: [] });
  });

  it('answers what was activated, whole', async () => {
    const roles = [
      role('clerk', { grants: ['billing:invoice:*', 'billing:invoice:read'], exclude: ['billing:invoice:delete'] }),
      role('owner', { inherits: ['clerk'], grants: ['billing:**'] }),
    ];
    const mappings = [{ issuer: 'contoso', claim: 'roles' as const, value: 'Orders.Read.All', role: 'clerk' }];
    expect(await policies.activate(CONTEXT, policy(tenant, roles, { mappings }))).toBe('created');
    expect(await active()).toEqual({ tenantId, set: 'main', sequence: 1, roles, mappings });
  });

  it('keeps the same content as rows for SQL to ask', async () => {
    const mappings = [{ issuer: 'contoso', claim: 'groups' as const, value: 'g-1', role: 'owner' }];
    await policies.activate(
      CONTEXT,
      policy(tenant, [role('clerk', { exclude: ['billing:x:y'] }), role('owner', { inherits: ['clerk'] })], { mappings }),
    );
    const rows = await parts.database.query(
      `select role_key || ' grants ' || pattern as line from pv_role_grant where tenant_id = $1 and not exclude
       union all select role_key || ' excludes ' || pattern from pv_role_grant where tenant_id = $1 and exclude
       union all select role_key || ' inherits ' || parent_key from pv_role_parent where tenant_id = $1
       union all select role_key || ' from ' || issuer || ' ' || claim || ' ' || op || ' ' || value from pv_mapping where tenant_id = $1
       order by 1`,
      [tenantId],
    );
    expect(rows).toEqual([
      { line: 'clerk excludes billing:x:y' },
      { line: 'clerk grants billing:clerk:read' },
      { line: 'owner from contoso groups equals g-1' },
      { line: 'owner grants billing:owner:read' },
      { line: 'owner inherits clerk' },
    ]);
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

  it('goes back by a new version, never by a rewrite', async () => {
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    await policies.activate(CONTEXT, policy(tenant, [role('b')]));
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    const { sequence, roles } = await active();
    expect([sequence, roles.map(({ key }) => key)]).toEqual([3, ['a']]);
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
    await parts.database.query(
      `insert into policy_activation (tenant_id, id, policy_set, version_id, mode)
         select tenant_id, gen_random_uuid(), policy_set, id, 'shadow' from policy_version where tenant_id = $1 and seq = 1`,
      [tenantId],
    );
    expect((await active()).sequence).toBe(2);
  });

  it('answers the same object until another version is active, also when other data of the tenant changes', async () => {
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    const first = await active();
    await parts.database.query(`update tenant set boundary_patterns = '{x}' where id = $1`, [tenantId]);
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

  it('activates nothing when its roles contradict one another', async () => {
    await expect(policies.activate(CONTEXT, policy(tenant, [role('a', { inherits: ['ghost'] })]))).rejects.toThrow();
    expect((await active()).sequence).toBe(0);
    expect(await parts.database.query('select 1 from policy_version where tenant_id = $1', [tenantId])).toEqual([]);
  });

  it.each([
    `update policy_version set seq = seq + 1`,
    `delete from pv_role_grant`,
    `update pv_mapping set value = ''`,
    `delete from policy_activation`,
    `truncate policy_activation`,
  ])('refuses to rewrite history: %s', async (statement) => {
    await policies.activate(CONTEXT, policy(tenant, [role('a')]));
    await expect(parts.database.query(statement)).rejects.toThrow(/append-only/);
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
    const versions = await one.database.query<{ seq: number }>('select seq from policy_version order by seq');
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
