import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For each row of what is before, those rows of `table`, looked up in an index each time, whatever statistics say. */
const lookUp = (columns: string, table: string, which: string): string => `
  cross join lateral (select ${columns} from ${table} where tenant_id = wanted_tenant and ${which} offset 0) as each`;

/** The first few in the order of ids: those of several such lists together hold the first few of all. */
const firstOf = (column: string, table: string, which: string): string => `
  cross join lateral (
    select ${column} as id from ${table} where tenant_id = wanted_tenant and ${which} and ${column} > low
    order by ${column} limit wanted_limit) as each`;

const GIVES = '(role_key = any (wanted_roles) or permissions && wanted_patterns)';

const FOUND = `
  with recursive targets as (
    select resource_target(wanted_type, null) as target union all select resource_target(wanted_type, wanted_id)
  ),
  holders as (
    select each.id from unnest(wanted_groups) as w (key) ${lookUp('id', 'subject_group', 'key = w.key')}
    union
    select each.group_id from unnest(wanted_roles) as w (role)
    ${lookUp('group_id', 'role_assignment', `role_key = w.role and state = 'active' and group_id is not null`)}
    union
    select each.principal_id from targets
    ${lookUp('principal_id, grant_id', 'resource_grant_target', 'target = targets.target and is_group')}
    where exists (select from resource_grant where tenant_id = wanted_tenant and id = each.grant_id and ${GIVES})
  ),
  below as (
    select id from holders
    union
    select each.group_id from below ${lookUp('group_id', 'group_parent', 'parent_id = below.id')}
  ),
  found as (
    select each.id from unnest(wanted_roles) as w (role)
    ${firstOf('subject_id', 'role_assignment', `role_key = w.role and state = 'active' and subject_id is not null`)}
    union
    select each.id from below ${firstOf('subject_id', 'group_member', 'group_id = below.id')}
    union
    select each.id from targets ${firstOf(
      'principal_id',
      'resource_grant_target as t',
      `target = targets.target and not is_group
        and exists (select from resource_grant where tenant_id = wanted_tenant and id = t.grant_id and ${GIVES})`,
    )}
    union
    select each.id from unnest(wanted_subjects) as w (key) ${lookUp('id', 'subject', 'key = w.key and id > low')}
  )
  select s.id, s.key::text, s.kind from (select f.id from found f order by f.id limit wanted_limit) as chosen
  cross join lateral (select * from subject where tenant_id = wanted_tenant and id = chosen.id offset 0) as s
  order by s.id`;

const EVERYBODY = `
  select s.id, s.key::text, s.kind from subject s
  where s.tenant_id = wanted_tenant and s.id > low order by s.id limit wanted_limit`;

/** Finds subjects by what they hold: an index of whom grants on a resource are for, and one function that reads along indexes. */
export class SubjectSearch1790000015400 implements MigrationInterface {
  readonly name = 'SubjectSearch1790000015400';

  async up(runner: QueryRunner): Promise<void> {
    await createTargets(runner);
    await createIndexes(runner);
    await runner.query(`
      create function subject_candidates(wanted_tenant uuid, everybody boolean, wanted_roles text[], wanted_subjects text[],
        wanted_groups text[], wanted_patterns text[], wanted_type text, wanted_id text, wanted_after uuid, wanted_limit integer)
      returns table (id uuid, key text, kind text) language plpgsql volatile set plan_cache_mode = force_generic_plan
      set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off as $$
      #variable_conflict use_column
      declare
        low constant uuid := coalesce(wanted_after, '00000000-0000-0000-0000-000000000000');
      begin
        perform set_config('countersign.tenant', wanted_tenant::text, true);
        if everybody then return query ${EVERYBODY};
        else return query ${FOUND};
        end if;
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop function subject_candidates(uuid, boolean, text[], text[], text[], text[], text, text, uuid, integer)',
    );
    await runner.query('drop index role_assignment_of_role_subject, role_assignment_of_role_group, group_member_of_group');
    await runner.query('create index group_member_of_group on group_member (tenant_id, group_id)');
    await runner.query('drop trigger targets on resource_grant');
    await runner.query('drop function keep_resource_targets()');
    await runner.query('drop table resource_grant_target');
    await runner.query('drop function resource_target(text, text)');
  }
}

/**
 * Whom a grant on a resource is for: a row for each of its ids, or one for the type where it names none. The names are digested,
 * since an index holds no long texts; what two names share is told apart by the decision.
 */
async function createTargets(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create function resource_target(type text, id text) returns uuid language sql immutable parallel safe
    return md5(case when id is null then 't' || type else length(type) || ':' || type || id end)::uuid`);
  await runner.query(`
    create table resource_grant_target (
      tenant_id uuid not null,
      target uuid not null,
      is_group boolean not null,
      principal_id uuid not null,
      grant_id uuid not null,
      primary key (tenant_id, target, is_group, principal_id, grant_id),
      foreign key (tenant_id, grant_id) references resource_grant (tenant_id, id) on delete cascade
    )`);
  await runner.query('create index resource_grant_target_of_grant on resource_grant_target (tenant_id, grant_id)');
  const targets = (source: string): string => `
    insert into resource_grant_target (tenant_id, target, is_group, principal_id, grant_id)
    select g.tenant_id, resource_target(g.resource_type, each.id), g.principal_type = 'group', g.principal_id, g.id
    from ${source} as g cross join unnest(coalesce(g.resource_ids, array[null]::text[])) as each (id)
    on conflict do nothing`;
  await runner.query(`
    create function keep_resource_targets() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        delete from resource_grant_target where tenant_id = new.tenant_id and grant_id = new.id;
      end if;
      ${targets('(select new.*)')};
      return null;
    end $$`);
  await runner.query(`
    create trigger targets after insert or update on resource_grant for each row execute function keep_resource_targets()`);
  await runner.query(targets('resource_grant'));
  // Only now: whoever migrates is held to it from here on, and names no tenant.
  await runner.query(`select attach_row_security('resource_grant_target')`);
}

async function createIndexes(runner: QueryRunner): Promise<void> {
  for (const principal of ['subject', 'group']) {
    await runner.query(`
      create index role_assignment_of_role_${principal} on role_assignment (tenant_id, role_key, ${principal}_id)
      where ${principal}_id is not null and state = 'active'`);
  }
  await runner.query('drop index group_member_of_group');
  await runner.query('create index group_member_of_group on group_member (tenant_id, group_id, subject_id)');
}
