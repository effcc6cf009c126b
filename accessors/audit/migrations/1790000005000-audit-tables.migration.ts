import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AuditTables1790000005000 implements MigrationInterface {
  readonly name = 'AuditTables1790000005000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_record (
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
        id uuid not null,
        at timestamptz not null,
        outcome text not null,
        diagnostic_id uuid not null,
        transport text not null,
        client_id text,
        exchange_case text,
        subject text,
        actor text,
        issuer text,
        audience text,
        token_id text,
        kid text,
        expires_at timestamptz,
        permission_count integer,
        policy_version text,
        epoch bigint,
        subject_token_sha256 text,
        code text,
        what text,
        detail text,
        primary key (tenant_id, id)
      )`);
    await runner.query('create index audit_record_at on audit_record (tenant_id, at)');
    await runner.query(`
      create function audit_record_is_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'audit records are never changed or deleted' using errcode = 'insufficient_privilege';
      end $$`);
    // Holds for the owner of the table too, whom a missing grant would not stop.
    await runner.query(`
      create trigger audit_record_append_only before update or delete or truncate on audit_record
      for each statement execute function audit_record_is_append_only()`);
    await runner.query('revoke update, delete, truncate on audit_record from public');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table audit_record');
    await runner.query('drop function audit_record_is_append_only()');
  }
}
