import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['policy_version', 'pv_role', 'pv_role_parent', 'pv_role_grant', 'pv_mapping', 'policy_activation'] as const;

/**
 * Policy versions, the same once more as rows for SQL to ask, and which version is live. All of it is append-only: the newest
 * activation wins, and going back is a new one.
 */
export class PolicyTables1790000002500 implements MigrationInterface {
  readonly name = 'PolicyTables1790000002500';

  async up(runner: QueryRunner): Promise<void> {
    await createVersions(runner);
    await createRoles(runner);
    await createActivations(runner);
    await runner.query(`
      create function refuse_policy_change() returns trigger language plpgsql as $$
      begin
        raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
      end $$`);
    for (const table of TABLES) {
      await runner.query(`create trigger append_only before update or delete or truncate on ${table}
        for each statement execute function refuse_policy_change()`);
    }
    // A version that is not active changes nothing for anybody.
    await runner.query(`select attach_change_feed('policy_activation')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...TABLES].reverse()) await runner.query(`drop table ${table}`);
    await runner.query('drop function refuse_policy_change()');
  }
}

async function createVersions(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table policy_version (
      tenant_id uuid not null references tenant (id),
      id uuid not null,
      policy_set text collate "C" not null check (policy_set <> ''),
      seq integer not null check (seq > 0),
      sha256 bytea not null check (octet_length(sha256) = 32),
      document jsonb not null,
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, id),
      unique (tenant_id, policy_set, seq)
    )`);
}

async function createRoles(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table pv_role (
      tenant_id uuid not null,
      version_id uuid not null,
      key text collate "C" not null,
      primary key (tenant_id, version_id, key),
      foreign key (tenant_id, version_id) references policy_version (tenant_id, id)
    )`);
  await runner.query(`
    create table pv_role_parent (
      tenant_id uuid not null,
      version_id uuid not null,
      role_key text collate "C" not null,
      parent_key text collate "C" not null,
      primary key (tenant_id, version_id, role_key, parent_key),
      foreign key (tenant_id, version_id, role_key) references pv_role (tenant_id, version_id, key),
      foreign key (tenant_id, version_id, parent_key) references pv_role (tenant_id, version_id, key)
    )`);
  await runner.query(`
    create table pv_role_grant (
      tenant_id uuid not null,
      version_id uuid not null,
      role_key text collate "C" not null,
      pattern text collate "C" not null,
      exclude boolean not null default false,
      primary key (tenant_id, version_id, role_key, exclude, pattern),
      foreign key (tenant_id, version_id, role_key) references pv_role (tenant_id, version_id, key)
    )`);
  await runner.query(`
    create table pv_mapping (
      tenant_id uuid not null,
      version_id uuid not null,
      issuer text collate "C" not null,
      claim text collate "C" not null,
      op text not null default 'equals' check (op in ('equals')),
      value text collate "C" not null,
      role_key text collate "C" not null,
      primary key (tenant_id, version_id, issuer, claim, op, value, role_key),
      foreign key (tenant_id, version_id, role_key) references pv_role (tenant_id, version_id, key)
    )`);
}

/** `number` orders activations; writers of a tenant wait for one another, so it is the order of the commits. */
async function createActivations(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table policy_activation (
      tenant_id uuid not null,
      id uuid not null,
      number bigint not null generated always as identity,
      policy_set text collate "C" not null,
      version_id uuid not null,
      mode text not null default 'enforce' check (mode in ('enforce', 'shadow')),
      activated_at timestamptz not null default clock_timestamp(),
      reason text not null default '',
      primary key (tenant_id, id),
      foreign key (tenant_id, version_id) references policy_version (tenant_id, id)
    )`);
  await runner.query('create unique index policy_activation_newest on policy_activation (tenant_id, mode, number desc)');
}
