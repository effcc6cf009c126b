import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['application', 'permission', 'oauth_client', 'client_secret', 'client_presenter', 'client_target'] as const;
const PLATFORM = `'00000000-0000-0000-0000-000000000000'`;

/** OAuth clients and applications. Names compare by bytes: two that differ in case are two. */
export class RegistrationTables1790000002200 implements MigrationInterface {
  readonly name = 'RegistrationTables1790000002200';

  async up(runner: QueryRunner): Promise<void> {
    await createApplications(runner);
    await createClients(runner);
    for (const table of TABLES) await runner.query(`select attach_change_feed('${table}')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...TABLES].reverse()) await runner.query(`drop table ${table}`);
  }
}

async function createApplications(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table application (
      tenant_id uuid not null default ${PLATFORM} references tenant (id),
      id uuid not null,
      audience text collate "C" not null check (audience <> ''),
      prefix text collate "C" not null check (prefix <> ''),
      allows_empty_permissions boolean not null default false,
      token_lifetime_seconds integer check (token_lifetime_seconds > 0),
      token_profile jsonb not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, id),
      unique (tenant_id, audience)
    )`);
  // A permission is never deleted, so that its bit is never given to another one.
  await runner.query(`
    create table permission (
      tenant_id uuid not null default ${PLATFORM},
      application_id uuid not null,
      name text collate "C" not null check (octet_length(name) between 3 and 128),
      bit_index integer not null check (bit_index >= 0),
      description text,
      deprecated_at timestamptz,
      primary key (tenant_id, application_id, name),
      unique (tenant_id, application_id, bit_index),
      foreign key (tenant_id, application_id) references application (tenant_id, id)
    )`);
}

async function createClients(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table oauth_client (
      tenant_id uuid not null default ${PLATFORM} references tenant (id),
      client_id text collate "C" not null check (client_id <> ''),
      status text not null default 'active' check (status in ('active', 'disabled')),
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, client_id)
    )`);
  await runner.query(`
    create table client_secret (
      tenant_id uuid not null default ${PLATFORM},
      client_id text collate "C" not null,
      sha256 bytea not null check (octet_length(sha256) = 32),
      expires_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, client_id, sha256),
      foreign key (tenant_id, client_id) references oauth_client (tenant_id, client_id) on delete cascade
    )`);
  await runner.query(`
    create table client_presenter (
      tenant_id uuid not null default ${PLATFORM},
      client_id text collate "C" not null,
      relation text not null check (relation in ('own', 'listed', 'audience')),
      issuer text collate "C" not null,
      external_id text collate "C" not null,
      primary key (tenant_id, client_id, relation, issuer, external_id),
      foreign key (tenant_id, client_id) references oauth_client (tenant_id, client_id) on delete cascade
    )`);
  await runner.query(`
    create table client_target (
      tenant_id uuid not null default ${PLATFORM},
      client_id text collate "C" not null,
      audience text collate "C" not null,
      scopes text[] not null default '{}',
      delegation_ceiling text[] not null default '{}',
      primary key (tenant_id, client_id, audience),
      foreign key (tenant_id, client_id) references oauth_client (tenant_id, client_id) on delete cascade
    )`);
}
