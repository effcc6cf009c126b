import type { MigrationInterface, QueryRunner } from 'typeorm';

const SUBJECT = 's.id, s.key, s.kind, s.status, s.attributes';

/** Joins rows of `table` as `alias` that are of the chosen subjects. */
type OfChosen = (table: string, alias: string) => string;

/**
 * For each row of `outer` those of `table` that are of it, looked up in the index each time. Without `offset 0` the order of the join
 * would be up to statistics, which know nothing of a table that was empty a moment ago.
 */
const lookUp = (table: string, alias: string, which: string): string => `
  cross join lateral (select * from ${table} where tenant_id = wanted_tenant and ${which} offset 0) as ${alias}`;

/** One subject, or none. */
const ofOne: OfChosen = (table, alias) => lookUp(table, alias, 'subject_id = chosen.id');

/** A page is a stretch of ids, so what its subjects have is a stretch of an index. */
const ofPage: OfChosen = (table, alias) => `
  join ${table} ${alias} on ${alias}.tenant_id = wanted_tenant and ${alias}.subject_id = chosen.id
    and ${alias}.subject_id >= (select low from bounds) and ${alias}.subject_id <= (select high from bounds)`;

/**
 * What is said of the chosen subjects, of groups that were asked for, and of their tenant. One statement, so one snapshot: the epoch
 * is that of the very data beside it. Groups that are in one another in a circle end the search too.
 *
 * Rows come column by column, and speak of subjects and groups by their numbers here, so that many of them are cheap: `holder` is the
 * number of a subject, or of a group with a minus. The first identity of a subject is always at position 0.
 */
const read = (chosen: string, ofChosen: OfChosen): string => `
  ${rowsOf(chosen, ofChosen)}
  ${ANSWER_COLUMNS}
  into epoch, tenant_part, subject_part`;

const rowsOf = (chosen: string, ofChosen: OfChosen): string => `
  with recursive chosen as (select row_number() over (order by s.id)::integer as nr, s.* from (${chosen}) as s),
  bounds as (select (array_agg(id order by nr))[1] as low, (array_agg(id order by nr desc))[1] as high from chosen),
  known as (select chosen.*, i.instance, i.external_id from chosen ${ofChosen('subject_identity', 'i')} where i.position = 0),
  direct as (select chosen.nr, m.group_id, m.valid_from, m.valid_until from chosen ${ofChosen('group_member', 'm')}),
  nested (group_id, ancestor_id) as (
    select start.id, start.id from (
      select group_id as id from direct
      union select g.id from unnest(wanted_groups) as asked (name) ${lookUp('subject_group', 'g', 'key = asked.name')}
    ) as start
    union
    select nested.group_id, p.parent_id from nested ${lookUp('group_parent', 'p', 'group_id = nested.ancestor_id')}
  ),
  reached as (select row_number() over ()::integer as nr, id from (select distinct ancestor_id as id from nested) as every),
  assigned as (
    select chosen.nr as holder, a.* from chosen ${ofChosen('role_assignment', 'a')}
    union all
    select -reached.nr, a.* from reached ${lookUp('role_assignment', 'a', 'subject_id is null and group_id = reached.id')}
  ),
  granted as (
    select chosen.nr as holder, r.* from chosen ${ofChosen('resource_grant', 'r')}
    union all
    select -reached.nr, r.* from reached ${lookUp('resource_grant', 'r', 'group_id = reached.id')}
  )`;

const ANSWER_COLUMNS = `
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
      'chosen', (select count(*) from chosen),
      'subjects', (
        select json_build_array(array_agg(id), array_agg(key), array_agg(kind), array_agg(status),
          array_agg(case when attributes <> '{}' then attributes end), array_agg(instance), array_agg(external_id))
        from (select * from known order by nr) as known),
      'groups', (
        select json_agg(json_build_array(reached.nr, g.key)) from reached ${lookUp('subject_group', 'g', 'id = reached.id')}),
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

/** Read what is stored about subjects, in one round trip that sets the tenant too. */
export class FactFunctions1790000007100 implements MigrationInterface {
  readonly name = 'FactFunctions1790000007100';

  async up(runner: QueryRunner): Promise<void> {
    const byIdentity = read(
      `select ${SUBJECT} from subject_identity i join subject s on s.tenant_id = wanted_tenant and s.id = i.subject_id
       where i.tenant_id = wanted_tenant and i.instance = wanted_instance and i.external_id = wanted_external_id`,
      ofOne,
    );
    await runner.query(`
      create function subject_facts(wanted_tenant uuid, wanted_instance text, wanted_external_id text, wanted_groups text[], ${ANSWER})
      language plpgsql volatile ${FOR_ONE} as $$ ${body(byIdentity)} $$`);
    const byKey = read(`select ${SUBJECT} from subject s where s.tenant_id = wanted_tenant and s.key = wanted_key`, ofOne);
    await runner.query(`
      create function subject_facts_by_key(wanted_tenant uuid, wanted_key text, wanted_groups text[], ${ANSWER})
      language plpgsql volatile ${FOR_ONE} as $$ ${body(byKey)} $$`);
    const page = read(
      `select ${SUBJECT} from subject s
       where s.tenant_id = wanted_tenant and (wanted_after is null or s.id > wanted_after) order by s.id limit wanted_limit`,
      ofPage,
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
