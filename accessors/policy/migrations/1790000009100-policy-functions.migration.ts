import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is in force, in one round trip that sets the tenant too. One statement reads, so it is one snapshot: the epoch is that of the
 * very activations beside it.
 */
export class PolicyFunctions1790000009100 implements MigrationInterface {
  readonly name = 'PolicyFunctions1790000009100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function policy_in_force(wanted_tenant uuid, have uuid[]) returns table (epoch bigint,
        enforced_number float8, enforced_id uuid, enforced_set text, enforced_seq integer, enforced_document jsonb,
        shadow_number float8, shadow_id uuid, shadow_set text, shadow_seq integer, shadow_document jsonb, share float8)
      language plpgsql volatile as $$
      #variable_conflict use_column
      begin
        perform set_config('countersign.tenant', wanted_tenant::text, true);
        return query
        select
          coalesce((select epoch from data_epoch where tenant_id = wanted_tenant), 0),
          enforced.number::float8, e.id, e.policy_set, e.seq, case when e.id <> all (have) then e.document end,
          newest.number::float8, s.id, s.policy_set, s.seq, case when s.id <> all (have) then s.document end,
          coalesce(newest.share, 1)
        from (values (true)) as always
        left join lateral (
          select version_id, number from policy_activation
          where tenant_id = wanted_tenant and mode = 'enforce' order by number desc limit 1
        ) as enforced on true
        left join policy_version e on e.tenant_id = wanted_tenant and e.id = enforced.version_id
        left join lateral (
          select version_id, number, mode, share from policy_activation
          where tenant_id = wanted_tenant order by number desc limit 1
        ) as newest on newest.mode = 'shadow'
        left join policy_version s on s.tenant_id = wanted_tenant and s.id = newest.version_id;
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function policy_in_force(uuid, uuid[])');
  }
}
