import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who made a version and who put it into force, why, and by which plan; versions that are tried out; plans. Activations are
 * numbered by tenant. The content of a version stands in its document alone: nobody ever asked the rows that repeated it.
 */
export class PolicyLife1790000007300 implements MigrationInterface {
  readonly name = 'PolicyLife1790000007300';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['pv_mapping', 'pv_role_grant', 'pv_role_parent', 'pv_role']) {
      await runner.query(`drop table ${table}`);
    }
    await runner.query(`
      alter table policy_version
        add column author text not null default '',
        add column message text not null default ''`);
    await runner.query('create index policy_version_digest on policy_version (tenant_id, policy_set, sha256) include (seq)');
    await extendActivations(runner);
    await createPlans(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table policy_plan');
    await runner.query('drop function refuse_plan_change()');
    await runner.query('drop index policy_version_digest');
    await runner.query('alter table policy_version drop column author, drop column message');
    await runner.query('drop index policy_activation_number');
    await runner.query('alter table policy_activation drop column activated_by, drop column plan_id, drop column share');
    await runner.query('alter table policy_activation alter column number add generated always as identity');
    // The migration before this one takes them down again.
    for (const table of ['pv_role', 'pv_role_parent', 'pv_role_grant', 'pv_mapping']) {
      await runner.query(`create table ${table} (tenant_id uuid not null)`);
    }
  }
}

/** A number is given away once: of two that follow the same one, the second finds its number taken. */
async function extendActivations(runner: QueryRunner): Promise<void> {
  await runner.query('alter table policy_activation alter column number drop identity');
  await runner.query('alter table policy_activation drop constraint policy_activation_mode_check');
  await runner.query(`
    alter table policy_activation
      add column activated_by text not null default '',
      add column plan_id uuid,
      add column share double precision,
      add constraint policy_activation_number_positive check (number > 0),
      add constraint policy_activation_mode_known check (mode in ('enforce', 'shadow', 'shadow-end')),
      add constraint policy_activation_share_known check (
        case when mode = 'shadow' then coalesce(share, 1) > 0 and coalesce(share, 1) <= 1 else share is null end
      )`);
  await runner.query('create unique index policy_activation_number on policy_activation (tenant_id, number desc)');
}

/** A plan is an operator's, so it belongs to no tenant; which one it is for is a column of its own. */
async function createPlans(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table policy_plan (
      tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
      id uuid not null,
      planned_tenant_id uuid not null references tenant (id),
      policy_set text collate "C" not null,
      base bigint not null check (base >= 0),
      candidate integer not null check (candidate > 0),
      epoch bigint not null,
      report jsonb not null,
      created_by text not null,
      created_at timestamptz not null default clock_timestamp(),
      approved_by text,
      approved_at timestamptz,
      primary key (tenant_id, id)
    )`);
  await runner.query(`
    create function refuse_plan_change() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and old.approved_by is null and new.approved_by is not null
        and (to_jsonb(old) - 'approved_by' - 'approved_at') = (to_jsonb(new) - 'approved_by' - 'approved_at') then
        return new;
      end if;
      raise exception 'a plan is approved once and never changed otherwise' using errcode = 'integrity_constraint_violation';
    end $$`);
  await runner.query(`create trigger append_only before update or delete on policy_plan
    for each row execute function refuse_plan_change()`);
  await runner.query(`create trigger append_only_whole before truncate on policy_plan
    for each statement execute function refuse_plan_change()`);
}
