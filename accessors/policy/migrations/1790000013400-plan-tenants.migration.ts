import type { MigrationInterface, QueryRunner } from 'typeorm';

const PLATFORM = `'00000000-0000-0000-0000-000000000000'`;

/**
 * SECURITY: a plan tells what people of a tenant may do, so its row is the tenant's, hidden like all others of the tenant. Operators
 * name a plan by its id alone: whoever knows the id learns whose it is, and nothing else.
 */
export class PlanTenants1790000013400 implements MigrationInterface {
  readonly name = 'PlanTenants1790000013400';

  async up(runner: QueryRunner): Promise<void> {
    await changed(runner, 'tenant_id = planned_tenant_id');
    await runner.query('alter table policy_plan alter column tenant_id drop default, drop column planned_tenant_id');
    await runner.query(
      'alter table policy_plan add constraint policy_plan_tenant foreign key (tenant_id) references tenant (id)',
    );
    await runner.query(`select attach_row_security('policy_plan')`);
    await runner.query(`
      create policy plan_named on policy_plan for select
      using (id = (select nullif(current_setting('countersign.plan', true), '')::uuid))`);
    await runner.query(`
      create function tenant_of_plan(wanted uuid) returns uuid language plpgsql volatile as $$
      declare
        found_tenant uuid;
      begin
        perform set_config('countersign.plan', wanted::text, true);
        select tenant_id into found_tenant from policy_plan where id = wanted;
        perform set_config('countersign.plan', '', true);
        return found_tenant;
      end $$`);
    await runner.query('create index policy_plan_id on policy_plan (id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index policy_plan_id');
    await runner.query('drop function tenant_of_plan(uuid)');
    await runner.query('alter table policy_plan drop constraint policy_plan_tenant');
    await runner.query('alter table policy_plan add column planned_tenant_id uuid references tenant (id)');
    await changed(runner, `planned_tenant_id = tenant_id, tenant_id = ${PLATFORM}`);
    await runner.query('alter table policy_plan alter column planned_tenant_id set not null');
    await runner.query(`alter table policy_plan alter column tenant_id set default ${PLATFORM}`);
    await runner.query(`select attach_row_security('policy_plan', 'platform')`);
  }
}

/** The one change of plans that is no approval. */
async function changed(runner: QueryRunner, assignments: string): Promise<void> {
  await runner.query(`select detach_row_security('policy_plan')`);
  await runner.query('alter table policy_plan disable trigger append_only');
  await runner.query(`update policy_plan set ${assignments}`);
  await runner.query('alter table policy_plan enable trigger append_only');
}
