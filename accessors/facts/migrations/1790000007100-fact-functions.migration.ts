import type { MigrationInterface, QueryRunner } from 'typeorm';

const SUBJECT = 's.id, s.key, s.kind, s.status, s.attributes';

/**
 * What is said of the chosen subjects, of groups that were asked for, and of their tenant. One statement, so one snapshot: the epoch
 * is that of the very data beside it. Groups that are in one another in a circle end the search too.
 *
 * Rows come column by column, and speak of subjects and groups by their numbers here, so that many of them are cheap: `holder` is the
 * number of a subject, or of a group with a minus. The first identity of a subject is always at position 0.
 */
const read = (chosen: string, among: Among): string => `
  ${rowsOf(chosen, among)}
  ${answerOf(among)}
  into epoch, tenant_part, subject_part`;

/** Narrows rows of this alias to those that the chosen subjects can have. */
type Among = (alias: string) => string;

const rowsOf = (chosen: string, among: Among): string => `
  with recursive chosen as (select row_number() over (order by s.id)::integer as nr, s.* from (${chosen}) as s),
  bounds as (select (array_agg(id order by nr))[1] as low, (array_agg(id order by nr desc))[1] as high from chosen),
  direct as (
    select chosen.nr, m.group_id, m.valid_from, m.valid_until
    from chosen join group_member m on m.tenant_id = wanted_tenant and m.subject_id = chosen.id ${among('m')}
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
  reached as (select row_number() over ()::integer as nr, id from (select distinct ancestor_id as id from nested) as every),
  assigned as (
    select chosen.nr as holder, a.*
    from chosen join role_assignment a on a.tenant_id = wanted_tenant and a.subject_id = chosen.id ${among('a')}
    union all
    select -reached.nr, a.*
    from reached join role_assignment a on a.tenant_id = wanted_tenant and a.subject_id is null and a.group_id = reached.id
  ),
  granted as (
    select chosen.nr as holder, r.*
    from chosen join resource_grant r on r.tenant_id = wanted_tenant and r.subject_id = chosen.id ${among('r')}
    union all
    select -reached.nr, r.*
    from reached join resource_grant r on r.tenant_id = wanted_tenant and r.group_id = reached.id
  )`;

const answerOf = (among: Among): string => `
  select
    coalesce((select e.epoch from data_epoch e where e.tenant_id = wanted_tenant), 0),
    json_build_object(
      'tenant', (select json_build_array(t.status, t.boundary_patterns, t.attributes, t.slug) from tenant t where t.id = wanted_tenant),
      'subscriptions', (
        select json_agg(json_build_array(s.tier, s.valid_from, s.valid_until, s.grace_until) order by s.id)
        from subscription s where s.tenant_id = wanted_tenant),
      'flags', (
        select json_agg(json_build_array(f.key, f.enabled, f.rollout_percent, f.valid_from, f.valid_until) order by f.key)
        from feature_flag f where f.tenant_id = wanted_tenant))::text,
    json_build_object(
      'subjects', (
        select json_build_array(array_agg(c.id), array_agg(c.key), array_agg(c.kind), array_agg(c.status),
          array_agg(case when c.attributes <> '{}' then c.attributes end), array_agg(i.instance), array_agg(i.external_id))
        from (select * from chosen order by nr) as c
        left join subject_identity i
          on i.tenant_id = wanted_tenant and i.subject_id = c.id and i.position = 0 ${among('i')}),
      'groups', (
        select json_agg(json_build_array(reached.nr, g.key))
        from reached join subject_group g on g.tenant_id = wanted_tenant and g.id = reached.id),
      'nested', (
        select json_agg(json_build_array(below.nr, above.nr))
        from nested join reached as below on below.id = group_id join reached as above on above.id = ancestor_id
        where group_id <> ancestor_id),
      'members', (
        select json_build_array(array_agg(direct.nr), array_agg(reached.nr), array_agg(case
          when coalesce(valid_from, valid_until) is not null then json_build_array(valid_from, valid_until) end))
        from direct join reached on reached.id = direct.group_id),
      'assignments', (
        select json_build_array(array_agg(holder), array_agg(id), array_agg(role_key), array_agg(state = 'eligible'), array_agg(case
          when coalesce(unit, condition_key) is not null or coalesce(valid_from, valid_until) is not null
          then json_build_array(unit, condition_key, params, valid_from, valid_until) end))
        from assigned where state <> 'revoked'),
      'grants', (
        select json_agg(json_build_array(holder, id, role_key, permissions, resource_type, resource_ids, resource_path,
          unit, condition_key, params, valid_from, valid_until))
        from granted))`;

const ANSWER = 'out epoch bigint, out tenant_part text, out subject_part json';

/**
 * SECURITY: the tenant is set before anything is read and only until the transaction ends, so that row-level security holds also
 * where connections are shared by a pooler.
 */
const body = (statement: string): string => `begin
  perform set_config('countersign.tenant', wanted_tenant::text, true);
  ${statement};
end`;

/** One plan for all calls, by index alone: the cost follows the subject's own rows, whatever the statistics say of the tables. */
const FOR_ONE = `set plan_cache_mode = force_generic_plan set enable_seqscan = off
  set enable_hashjoin = off set enable_mergejoin = off`;

/** Along the indexes too, which are in the order of pages; joined with the page as it suits. */
const FOR_PAGE = 'set plan_cache_mode = force_custom_plan set enable_seqscan = off set enable_bitmapscan = off';

const anywhere: Among = () => '';

/** A page is a stretch of ids, so what its subjects have is a stretch of an index. */
const onPage: Among = (alias) =>
  `and ${alias}.subject_id >= (select low from bounds) and ${alias}.subject_id <= (select high from bounds)`;

/** Read what is stored about subjects, in one round trip that sets the tenant too. */
export class FactFunctions1790000007100 implements MigrationInterface {
  readonly name = 'FactFunctions1790000007100';

  async up(runner: QueryRunner): Promise<void> {
    const byIdentity = read(
      `select ${SUBJECT} from subject_identity i join subject s on s.tenant_id = wanted_tenant and s.id = i.subject_id
       where i.tenant_id = wanted_tenant and i.instance = wanted_instance and i.external_id = wanted_external_id`,
      anywhere,
    );
    await runner.query(`
      create function subject_facts(wanted_tenant uuid, wanted_instance text, wanted_external_id text, wanted_groups text[], ${ANSWER})
      language plpgsql volatile ${FOR_ONE} as $$ ${body(byIdentity)} $$`);
    const byKey = read(`select ${SUBJECT} from subject s where s.tenant_id = wanted_tenant and s.key = wanted_key`, anywhere);
    await runner.query(`
      create function subject_facts_by_key(wanted_tenant uuid, wanted_key text, wanted_groups text[], ${ANSWER})
      language plpgsql volatile ${FOR_ONE} as $$ ${body(byKey)} $$`);
    const page = read(
      `select ${SUBJECT} from subject s
       where s.tenant_id = wanted_tenant and (wanted_after is null or s.id > wanted_after) order by s.id limit wanted_limit`,
      onPage,
    );
    await runner.query(`
      create function subject_facts_page(wanted_tenant uuid, wanted_after uuid, wanted_limit integer, ${ANSWER})
      language plpgsql volatile ${FOR_PAGE} as $$ declare wanted_groups constant text[] := '{}'; ${body(page)} $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function subject_facts(uuid, text, text, text[])');
    await runner.query('drop function subject_facts_by_key(uuid, text, text[])');
    await runner.query('drop function subject_facts_page(uuid, uuid, integer)');
  }
}
