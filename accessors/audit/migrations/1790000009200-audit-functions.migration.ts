import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What was issued under one key is asked about in an emergency, and in every tenant: the one question that no tenant bounds. It is
 * answered with sums alone, each tenant by itself, since its records are found by tenant and time.
 */
export class AuditFunctions1790000009200 implements MigrationInterface {
  readonly name = 'AuditFunctions1790000009200';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function issued_under(wanted_kid text, since timestamptz)
      returns table (audience text, hour timestamptz, tokens bigint, last_expires_at timestamptz) language plpgsql volatile as $$
      declare
        before constant text := coalesce(current_setting('countersign.tenant', true), '');
        each_tenant uuid;
      begin
        for each_tenant in select e.tenant_id from data_epoch e loop
          perform set_config('countersign.tenant', each_tenant::text, true);
          return query
            select r.audience, date_trunc('hour', r.at), count(*), max(r.expires_at) from audit_record r
            where r.tenant_id = each_tenant and r.at >= since and r.kid = wanted_kid and r.outcome = 'issued'
            group by 1, 2;
        end loop;
        perform set_config('countersign.tenant', before, true);
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function issued_under(text, timestamptz)');
  }
}
