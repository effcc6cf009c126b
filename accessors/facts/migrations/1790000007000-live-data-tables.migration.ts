import type { MigrationInterface, QueryRunner } from 'typeorm';

const LIVE_TABLES = ['group_parent', 'resource_grant', 'subscription', 'feature_flag'] as const;

const MOMENT = 'bigint check (%s between -8640000000000000 and 8640000000000000)';
const moment = (name: string): string => `${name} ${MOMENT.replace('%s', name)}`;

/** Unix milliseconds, half open, as everywhere in the code: exact, and compared without a time zone. */
const WINDOW_COLUMNS = [moment('valid_from'), moment('valid_until')];
const WINDOW_CHECK = 'check (valid_from < valid_until)';

/** Under which organisational unit and which condition of the policy something holds. */
const LIMIT_COLUMNS = [
  `unit text collate "C" check (unit <> '')`,
  `condition_key text collate "C" check (condition_key <> '')`,
  `params jsonb not null default '{}' check (jsonb_typeof(params) = 'object')`,
];

const WINDOW = [...WINDOW_COLUMNS, WINDOW_CHECK].join(', ');
const LIMITS = LIMIT_COLUMNS.join(', ');

/** Windows, units, conditions, grants on resources, subscriptions, flags, groups in groups, and the log of changes. */
export class LiveDataTables1790000007000 implements MigrationInterface {
  readonly name = 'LiveDataTables1790000007000';

  async up(runner: QueryRunner): Promise<void> {
    await widenTenants(runner);
    await widenGroups(runner);
    await widenAssignments(runner);
    await createGrants(runner);
    await createSubscriptions(runner);
    await createFlags(runner);
    await createChangeLog(runner);
    for (const table of LIVE_TABLES) await runner.query(`select attach_change_feed('${table}')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['change_log', ...LIVE_TABLES]) await runner.query(`drop table ${table}`);
    await runner.query('drop function refuse_change_log_change()');
    await runner.query(`delete from role_assignment a using role_assignment b
      where a.tenant_id = b.tenant_id and a.principal_id = b.principal_id and a.role_key = b.role_key and a.id > b.id`);
    await runner.query('drop index role_assignment_once, role_assignment_of_group');
    await runner.query(`
      alter table role_assignment drop column unit, drop column condition_key, drop column params,
        drop column valid_from, drop column valid_until,
        add constraint role_assignment_once unique (tenant_id, principal_id, principal_type, role_key)`);
    await runner.query('alter table group_member drop column valid_from, drop column valid_until');
    await runner.query(`update tenant set boundary_patterns = '{}' where boundary_patterns is null`);
    await runner.query(`
      alter table tenant drop column attributes,
        alter column boundary_patterns set default '{}', alter column boundary_patterns set not null`);
  }
}

/** No boundary is another thing than a boundary that nothing lies within. */
async function widenTenants(runner: QueryRunner): Promise<void> {
  await runner.query(`
    alter table tenant alter column boundary_patterns drop not null, alter column boundary_patterns drop default,
      add column attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object')`);
  await runner.query('update tenant set boundary_patterns = null');
}

/** Whoever is in a group is in its parents too. */
async function widenGroups(runner: QueryRunner): Promise<void> {
  await runner.query(`alter table group_member ${adding(WINDOW_COLUMNS)}, add ${WINDOW_CHECK}`);
  await runner.query(`
    create table group_parent (
      tenant_id uuid not null,
      group_id uuid not null,
      parent_id uuid not null check (parent_id <> group_id),
      primary key (tenant_id, group_id, parent_id),
      foreign key (tenant_id, group_id) references subject_group (tenant_id, id) on delete cascade,
      foreign key (tenant_id, parent_id) references subject_group (tenant_id, id) on delete cascade
    )`);
  await runner.query('create index group_parent_of_parent on group_parent (tenant_id, parent_id)');
}

/** One role may be assigned to one principal several times, as long as something is different. */
async function widenAssignments(runner: QueryRunner): Promise<void> {
  await runner.query(`
    alter table role_assignment drop constraint role_assignment_once,
      ${adding([...LIMIT_COLUMNS, ...WINDOW_COLUMNS])}, add ${WINDOW_CHECK}`);
  await runner.query(`
    create unique index role_assignment_once on role_assignment (tenant_id, subject_id, group_id, role_key, unit, condition_key,
      (case when params <> '{}' then md5(params::text) end), valid_from, valid_until) nulls not distinct`);
  await runner.query('create index role_assignment_of_group on role_assignment (tenant_id, group_id) where group_id is not null');
}

async function createGrants(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table resource_grant (
      tenant_id uuid not null,
      id uuid not null,
      principal_type text not null check (principal_type in ('subject', 'group')),
      principal_id uuid not null,
      role_key text collate "C" check (role_key <> ''),
      permissions text[] not null default '{}',
      resource_type text collate "C" not null check (resource_type <> ''),
      resource_ids text[],
      resource_path text collate "C",
      ${LIMITS},
      ${WINDOW},
      subject_id uuid generated always as (case when principal_type = 'subject' then principal_id end) stored,
      group_id uuid generated always as (case when principal_type = 'group' then principal_id end) stored,
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, id),
      check ((role_key is null) <> (permissions = '{}')),
      foreign key (tenant_id, subject_id) references subject (tenant_id, id) on delete cascade,
      foreign key (tenant_id, group_id) references subject_group (tenant_id, id) on delete cascade
    )`);
  for (const principal of ['subject', 'group']) {
    await runner.query(`create index resource_grant_of_${principal} on resource_grant (tenant_id, ${principal}_id)
      where ${principal}_id is not null`);
  }
}

async function createSubscriptions(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table subscription (
      tenant_id uuid not null references tenant (id),
      id uuid not null,
      tier text collate "C" not null check (tier <> ''),
      ${WINDOW},
      grace_until bigint check (grace_until between -8640000000000000 and 8640000000000000),
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, id)
    )`);
}

async function createFlags(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table feature_flag (
      tenant_id uuid not null references tenant (id),
      key text collate "C" not null check (key <> ''),
      enabled boolean not null,
      rollout_percent integer not null default 100 check (rollout_percent between 0 and 100),
      ${WINDOW},
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, key)
    )`);
}

/** Writers of a tenant wait for one another, so the order of the numbers in a tenant is the order of the commits. */
async function createChangeLog(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table change_log (
      tenant_id uuid not null references tenant (id),
      number bigint not null generated always as identity,
      changed_at timestamptz not null default clock_timestamp(),
      changed_by text not null,
      kind text not null,
      name text collate "C" not null,
      outcome text not null check (outcome in ('created', 'updated', 'removed')),
      before jsonb,
      after jsonb,
      primary key (tenant_id, number)
    )`);
  await runner.query('create index change_log_about on change_log (tenant_id, kind, name, number)');
  await runner.query(`
    create function refuse_change_log_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
    end $$`);
  await runner.query(`create trigger append_only before update or delete or truncate on change_log
    for each statement execute function refuse_change_log_change()`);
}

function adding(columns: readonly string[]): string {
  return columns.map((column) => `add column ${column}`).join(', ');
}
