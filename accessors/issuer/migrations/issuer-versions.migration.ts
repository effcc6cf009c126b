import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['trusted_issuer_version', 'trusted_issuer_activation'] as const;

/**
 * What was ever registered about an issuer, and what was in force when. Both are append-only: the newest activation says how an
 * issuer stands, and going back is a new one. `trusted_issuer` holds what is in force, for requests to read.
 */
export class IssuerVersions1790000003500 implements MigrationInterface {
  readonly name = 'IssuerVersions1790000003500';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table trusted_issuer_version (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        issuer_name text collate "C" not null,
        version integer not null check (version > 0),
        sha256 bytea not null check (octet_length(sha256) = 32),
        document jsonb not null,
        created_at timestamptz not null default clock_timestamp(),
        primary key (tenant_id, issuer_name, version),
        unique (tenant_id, issuer_name, sha256)
      )`);
    // A number is given away once: of two changes that follow the same one, the second finds its number taken.
    await runner.query(`
      create table trusted_issuer_activation (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        issuer_name text collate "C" not null,
        number integer not null check (number > 0),
        version integer not null,
        status text not null check (status in ('active', 'disabled')),
        at timestamptz not null default clock_timestamp(),
        primary key (tenant_id, issuer_name, number),
        foreign key (tenant_id, issuer_name, version) references trusted_issuer_version (tenant_id, issuer_name, version)
      )`);
    await adopt(runner);
    await runner.query(`
      create function refuse_issuer_change() returns trigger language plpgsql as $$
      begin
        raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
      end $$`);
    for (const table of TABLES) {
      await runner.query(`create trigger append_only before update or delete or truncate on ${table}
        for each statement execute function refuse_issuer_change()`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...TABLES].reverse()) await runner.query(`drop table ${table}`);
    await runner.query('drop function refuse_issuer_change()');
  }
}

/** What is in force already becomes version 1 of its issuer. */
async function adopt(runner: QueryRunner): Promise<void> {
  await runner.query(`
    insert into trusted_issuer_version (tenant_id, issuer_name, version, sha256, document)
    select found.tenant_id, found.name, 1, sha256(convert_to(found.document::text, 'UTF8')), found.document
    from (
      select i.tenant_id, i.name, jsonb_build_object('provider', i.provider, 'config', i.config, 'rules', coalesce((
        select jsonb_agg(jsonb_build_object('slug', t.slug, 'when', case when r.when_claim is null then null
          else jsonb_build_object('claim', r.when_claim, 'equals', r.when_equals) end) order by r.position)
        from trusted_issuer_tenant r join tenant t on t.id = r.rule_tenant_id
        where r.tenant_id = i.tenant_id and r.issuer_name = i.name), '[]'::jsonb)) as document
      from trusted_issuer i
    ) as found`);
  await runner.query(`
    insert into trusted_issuer_activation (tenant_id, issuer_name, number, version, status)
    select tenant_id, name, 1, 1, status from trusted_issuer`);
}
