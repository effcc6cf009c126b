import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IssuerTables1790000003000 implements MigrationInterface {
  readonly name = 'IssuerTables1790000003000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table trusted_issuer (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        name text not null check (length(name) between 1 and 128),
        provider text not null,
        config jsonb not null,
        status text not null check (status in ('active', 'disabled')),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        primary key (tenant_id, name)
      )`);
    await runner.query(`
      create table trusted_issuer_tenant (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        issuer_name text not null,
        position integer not null,
        rule_tenant_id uuid not null references tenant (id),
        when_claim text,
        when_equals text,
        primary key (tenant_id, issuer_name, position),
        foreign key (tenant_id, issuer_name) references trusted_issuer (tenant_id, name) on delete cascade,
        constraint trusted_issuer_tenant_when check ((when_claim is null) = (when_equals is null))
      )`);
    // One row for each iss that an active issuer owns: whatever is registered at the same time, it has one owner.
    await runner.query(`
      create table trusted_issuer_identifier (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        iss text not null,
        issuer_name text not null,
        primary key (tenant_id, iss),
        foreign key (tenant_id, issuer_name) references trusted_issuer (tenant_id, name) on delete cascade
      )`);
    await runner.query('create index trusted_issuer_identifier_owner on trusted_issuer_identifier (tenant_id, issuer_name)');
    await runner.query('create index trusted_issuer_tenant_rule on trusted_issuer_tenant (tenant_id, rule_tenant_id)');
    await runner.query("select attach_change_feed('trusted_issuer')");
    await runner.query("select attach_change_feed('trusted_issuer_tenant')");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table trusted_issuer_identifier');
    await runner.query('drop table trusted_issuer_tenant');
    await runner.query('drop table trusted_issuer');
  }
}
