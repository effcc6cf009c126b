import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KeyTables1790000004000 implements MigrationInterface {
  readonly name = 'KeyTables1790000004000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table signing_key (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        kid text not null check (length(kid) between 1 and 128),
        algorithm text not null,
        state text not null check (state in ('pending', 'published', 'active', 'retiring', 'retired', 'tainted', 'revoked')),
        public_jwk jsonb not null,
        sealed bytea,
        wrapped_data_key bytea,
        key_encryption_key_id text,
        format_version integer not null,
        epoch bigint not null,
        created_at timestamptz not null default now(),
        published_at timestamptz,
        activated_at timestamptz,
        retiring_at timestamptz,
        retired_at timestamptz,
        primary key (tenant_id, kid),
        constraint signing_key_sealed check (
          state in ('retired', 'revoked')
          or (sealed is not null and wrapped_data_key is not null and key_encryption_key_id is not null)
        )
      )`);
    // Whatever processes do at the same time, one key signs.
    await runner.query(`
      create unique index signing_key_one_active on signing_key (tenant_id, algorithm) where state = 'active'`);
    await runner.query(`
      create table installation_secret (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        purpose text not null,
        sealed bytea not null,
        wrapped_data_key bytea not null,
        key_encryption_key_id text not null,
        format_version integer not null,
        created_at timestamptz not null default now(),
        primary key (tenant_id, purpose)
      )`);
    await runner.query(`
      create table keyring_epoch (
        tenant_id uuid primary key default '00000000-0000-0000-0000-000000000000',
        epoch bigint not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table keyring_epoch');
    await runner.query('drop table installation_secret');
    await runner.query('drop table signing_key');
  }
}
