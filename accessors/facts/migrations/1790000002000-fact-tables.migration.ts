import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['tenant', 'subject', 'subject_identity', 'subject_group', 'group_member', 'role_assignment'] as const;

/** Live facts. The tenant comes first in every key and index; no reference leaves its tenant. */
export class FactTables1790000002000 implements MigrationInterface {
  readonly name = 'FactTables1790000002000';

  async up(runner: QueryRunner): Promise<void> {
    await createTenants(runner);
    await createSubjects(runner);
    await createGroups(runner);
    await createAssignments(runner);
    for (const table of TABLES) await runner.query(`select attach_change_feed('${table}')`);
    // What belongs to no tenant carries this one as its tenant.
    await runner.query(`insert into tenant (id, slug) values ('00000000-0000-0000-0000-000000000000', 'platform')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...TABLES].reverse()) await runner.query(`drop table ${table}`);
  }
}

/** `tenant_id` repeats `id`, so that the change feed sees a tenant's own row like every other. */
async function createTenants(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table tenant (
      id uuid primary key default gen_random_uuid(),
      tenant_id uuid not null generated always as (id) stored,
      slug text collate "C" not null unique check (slug <> ''),
      status text not null default 'active' check (status in ('active', 'suspended')),
      boundary_patterns text[] not null default '{}',
      created_at timestamptz not null default clock_timestamp()
    )`);
}

async function createSubjects(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table subject (
      tenant_id uuid not null references tenant (id),
      id uuid not null,
      key text collate "C" not null check (key <> ''),
      kind text not null check (kind in ('user', 'workload', 'agent')),
      status text not null default 'active' check (status in ('active', 'disabled')),
      attributes jsonb not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, id),
      unique (tenant_id, key)
    )`);
  await runner.query(`
    create table subject_identity (
      tenant_id uuid not null,
      instance text collate "C" not null check (instance <> ''),
      external_id text collate "C" not null check (external_id <> ''),
      subject_id uuid not null,
      position integer not null,
      primary key (tenant_id, instance, external_id),
      unique (tenant_id, subject_id, position),
      foreign key (tenant_id, subject_id) references subject (tenant_id, id) on delete cascade
    )`);
}

async function createGroups(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table subject_group (
      tenant_id uuid not null references tenant (id),
      id uuid not null,
      key text collate "C" not null check (key <> ''),
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, id),
      unique (tenant_id, key)
    )`);
  await runner.query(`
    create table group_member (
      tenant_id uuid not null,
      subject_id uuid not null,
      group_id uuid not null,
      primary key (tenant_id, subject_id, group_id),
      foreign key (tenant_id, subject_id) references subject (tenant_id, id) on delete cascade,
      foreign key (tenant_id, group_id) references subject_group (tenant_id, id) on delete cascade
    )`);
  await runner.query('create index group_member_of_group on group_member (tenant_id, group_id)');
}

/** The generated columns let one principal column be a reference to whichever table it means. */
async function createAssignments(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table role_assignment (
      tenant_id uuid not null,
      id uuid not null,
      principal_type text not null check (principal_type in ('subject', 'group')),
      principal_id uuid not null,
      role_key text collate "C" not null check (role_key <> ''),
      state text not null default 'active' check (state in ('eligible', 'active', 'revoked')),
      subject_id uuid generated always as (case when principal_type = 'subject' then principal_id end) stored,
      group_id uuid generated always as (case when principal_type = 'group' then principal_id end) stored,
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, id),
      constraint role_assignment_once unique (tenant_id, principal_id, principal_type, role_key),
      foreign key (tenant_id, subject_id) references subject (tenant_id, id) on delete cascade,
      foreign key (tenant_id, group_id) references subject_group (tenant_id, id) on delete cascade
    )`);
}
