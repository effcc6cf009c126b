import { beforeEach, expect, it } from '@jest/globals';
import { MIGRATIONS } from '#clients/migrations.js';
import { openDatabase } from '#utilities/database/open.database.js';
import { accessorParts, type AccessorParts } from '../../../test/support/accessor-parts.js';
import { asOwner } from '../../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../../test/support/database.js';
import { SilentLogger } from '../../../test/support/silent.logger.js';
import { PlanTenants1790000013400 } from '../migrations/1790000013400-plan-tenants.migration.js';
import { PlanRows } from './plan.rows.js';

const PLAN = { set: 'main', base: 0, candidate: 1, epoch: 7, createdBy: 'u_ana', report: { changes: ['ana may read'] } };
const COUNT = 'select count(*)::int as plans from policy_plan';

describeOnEachDatabase('Plans', (open) => {
  let parts: AccessorParts;
  let plans: PlanRows;
  const tenants = ['acme', 'globex'];
  const ids: string[] = [];
  beforeEach(async () => {
    parts = await accessorParts((await open()).database);
    plans = new PlanRows(parts);
    ids.length = 0;
    for (const slug of tenants) {
      const id = parts.ids.ordered();
      await asOwner(parts.unitOfWork, 'insert into tenant (id, slug) values ($1, $2)', [id, slug]);
      ids.push(id);
    }
  });

  it('are found and approved by their id alone, once', async () => {
    const [tenantId = ''] = ids;
    const saved = await plans.save({ tenantId, ...PLAN });
    expect(await plans.find(saved.id)).toEqual(saved);
    expect(await plans.approve(saved.id, 'u_bo')).toEqual({ ...saved, approvedBy: 'u_bo' });
    expect(await plans.approve(saved.id, 'u_cy')).toBeUndefined();
    expect(await plans.find('00000000-0000-4000-8000-000000000009')).toBeUndefined();
    expect(await plans.find('no id')).toBeUndefined();
  });

  it('are seen by no statement that did not name their tenant', async () => {
    const [acme = '', globex = ''] = ids;
    await plans.save({ tenantId: acme, ...PLAN });
    const { database } = parts;
    expect(await database.query(COUNT)).toEqual([{ plans: 0 }]);
    expect(await database.forTenants([globex], () => database.query(COUNT))).toEqual([{ plans: 0 }]);
    expect(await database.forTenants([acme], () => database.query(COUNT))).toEqual([{ plans: 1 }]);
    // Nor after one was found by its id.
    const saved = await plans.save({ tenantId: acme, ...PLAN });
    await parts.unitOfWork.run(async () => {
      await database.query('select tenant_of_plan($1)', [saved.id]);
      expect(await database.query(COUNT)).toEqual([{ plans: 0 }]);
    });
  });

  it('cannot be written for another tenant', async () => {
    const [acme = '', globex = ''] = ids;
    const insert = `insert into policy_plan (tenant_id, id, policy_set, base, candidate, epoch, report, created_by)
      values ($1, $2, 'main', 0, 1, 7, '{}', 'u_ana')`;
    const write = () => parts.database.forTenants([acme], () => parts.database.query(insert, [globex, parts.ids.ordered()]));
    await expect(write()).rejects.toThrow(/row-level security/);
  });
});

describeOnPostgres('Plans that were made before they had a tenant', (open) => {
  it('belong to the one that they are for, and are as they were', async () => {
    const test = await open({ content: 'empty' });
    const older = MIGRATIONS.slice(0, MIGRATIONS.indexOf(PlanTenants1790000013400));
    const options = { settings: test.settings, logger: new SilentLogger(), migrate: true, unsafeRole: 'step-down' } as const;
    const before = await openDatabase({ ...options, migrations: older });
    const [tenantId, id] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
    await asOwner(before, `insert into tenant (id, slug) values ($1, 'acme')`, [tenantId]);
    await asOwner(
      before,
      `insert into policy_plan (id, planned_tenant_id, policy_set, base, candidate, epoch, report, created_by, approved_by)
       values ($1, $2, 'main', 0, 1, 7, '{"a":1}', 'u_ana', 'u_bo')`,
      [id, tenantId],
    );
    await before.close();
    const after = await openDatabase({ ...options, migrations: MIGRATIONS });
    try {
      const plans = new PlanRows({ database: after, ids: { ordered: () => '', random: () => '' } });
      expect(await plans.find(id)).toMatchObject({ tenantId, report: { a: 1 }, createdBy: 'u_ana', approvedBy: 'u_bo' });
      const change = `update policy_plan set report = '{}' where id = $1`;
      await expect(after.forTenants([tenantId], () => after.query(change, [id]))).rejects.toThrow(/never changed/);
    } finally {
      await after.close();
    }
  });
});
