import type { MigrationInterface, QueryRunner } from 'typeorm';

const SUBJECT = 's.id, s.key, s.kind, s.status, s.attributes';

/**
 * What is said of the chosen subjects, of groups that were asked for, and of their tenant. One statement, so one snapshot: the epoch
 * is that of the very data beside it. Groups that are in one another in a circle end the search too.
 */
const read = (chosen: string): string => `
  with recursive chosen as (${chosen}),
  direct as (
    select m.subject_id, m.group_id, m.valid_from, m.valid_until
    from chosen join group_member m on m.tenant_id = wanted_tenant and m.subject_id = chosen.id
  ),
  nested (group_id, ancestor_id) as (
    select start.id, start.id from (
      select group_id as id from direct
      union select g.id from subject_group g where g.tenant_id = wanted_tenant and g.key = any(wanted_groups)
    ) as start
    union
    select nested.group_id, p.parent_id
    from nested join group_parent p on p.tenant_id = wanted_tenant and p.group_id = nested.ancestor_id
  ),
  reached as (select distinct ancestor_id as id from nested)
  select
    coalesce((select e.epoch from data_epoch e where e.tenant_id = wanted_tenant), 0),
    json_build_object(
      'tenant', (select json_build_array(t.status, t.boundary_patterns, t.attributes) from tenant t where t.id = wanted_tenant),
      'subscriptions', (
        select json_agg(json_build_array(s.tier, s.valid_from, s.valid_until, s.grace_until) order by s.id)
        from subscription s where s.tenant_id = wanted_tenant),
      'flags', (
        select json_agg(json_build_array(f.key, f.enabled, f.rollout_percent, f.valid_from, f.valid_until) order by f.key)
        from feature_flag f where f.tenant_id = wanted_tenant))::text,
    json_build_object(
      'subjects', (
        select json_agg(json_build_array(c.id, c.key, c.kind, c.status, c.attributes, i.instance, i.external_id) order by c.id)
        from chosen c join lateral (
          select instance, external_id from subject_identity
          where tenant_id = wanted_tenant and subject_id = c.id order by position limit 1
        ) as i on true),
      'members', (select json_agg(json_build_array(subject_id, group_id, valid_from, valid_until)) from direct),
      'nested', (select json_agg(json_build_array(group_id, ancestor_id)) from nested where group_id <> ancestor_id),
      'groups', (
        select json_agg(json_build_array(g.id, g.key))
        from reached join subject_group g on g.tenant_id = wanted_tenant and g.id = reached.id),
      'assignments', (
        select json_agg(json_build_array(holder_subject, holder_group, id, role_key, unit, condition_key,
          case when params <> '{}' then params end, valid_from, valid_until, state) order by id)
        from (
          select h.id as holder_subject, null::uuid as holder_group, a.*
          from chosen h join role_assignment a on a.tenant_id = wanted_tenant and a.subject_id = h.id
          union all
          select null, h.id, a.*
          from reached h join role_assignment a on a.tenant_id = wanted_tenant and a.group_id = h.id
        ) as held where state <> 'revoked'),
      'grants', (
        select json_agg(json_build_array(holder_subject, holder_group, id, role_key, permissions, resource_type, resource_ids,
          resource_path, unit, condition_key, case when params <> '{}' then params end, valid_from, valid_until) order by id)
        from (
          select h.id as holder_subject, null::uuid as holder_group, r.*
          from chosen h join resource_grant r on r.tenant_id = wanted_tenant and r.subject_id = h.id
          union all
          select null, h.id, r.*
          from reached h join resource_grant r on r.tenant_id = wanted_tenant and r.group_id = h.id
        ) as held))
  into epoch, tenant_part, subject_part`;

const ANSWER = 'out epoch bigint, out tenant_part text, out subject_part json';

/**
 * SECURITY: the tenant is set before anything is read and only until the transaction ends, so that row-level security holds also
 * where connections are shared by a pooler.
 */
const body = (chosen: string): string => `begin
  perform set_config('countersign.tenant', wanted_tenant::text, true);
  ${read(chosen)};
end`;

/** One plan for all calls, by index alone: the cost follows the subject's own rows, whatever the statistics say of the tables. */
const FOR_ONE = `set plan_cache_mode = force_generic_plan set enable_seqscan = off
  set enable_hashjoin = off set enable_mergejoin = off`;

/** Read what is stored about subjects, in one round trip that sets the tenant too. */
export class FactFunctions1790000007100 implements MigrationInterface {
  readonly name = 'FactFunctions1790000007100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function subject_facts(wanted_tenant uuid, wanted_instance text, wanted_external_id text, wanted_groups text[], ${ANSWER})
      language plpgsql volatile ${FOR_ONE} as $$ ${body(`
        select ${SUBJECT} from subject_identity i join subject s on s.tenant_id = wanted_tenant and s.id = i.subject_id
        where i.tenant_id = wanted_tenant and i.instance = wanted_instance and i.external_id = wanted_external_id`)} $$`);
    await runner.query(`
      create function subject_facts_by_key(wanted_tenant uuid, wanted_key text, wanted_groups text[], ${ANSWER})
      language plpgsql volatile ${FOR_ONE} as $$ ${body(`
        select ${SUBJECT} from subject s where s.tenant_id = wanted_tenant and s.key = wanted_key`)} $$`);
    // A page is many rows: it pays to plan it for the tables as they are.
    await runner.query(`
      create function subject_facts_page(wanted_tenant uuid, wanted_after uuid, wanted_limit integer, ${ANSWER})
      language plpgsql volatile set plan_cache_mode = force_custom_plan as $$
      declare wanted_groups constant text[] := '{}';
      ${body(`
        select ${SUBJECT} from subject s
        where s.tenant_id = wanted_tenant and (wanted_after is null or s.id > wanted_after) order by s.id limit wanted_limit`)} $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function subject_facts(uuid, text, text, text[])');
    await runner.query('drop function subject_facts_by_key(uuid, text, text[])');
    await runner.query('drop function subject_facts_page(uuid, uuid, integer)');
  }
}
