import type { MigrationInterface, QueryRunner } from 'typeorm';

const PLATFORM = `'00000000-0000-0000-0000-000000000000'::uuid`;

/** Rows that belong to no tenant: every statement may read and write them. */
const PLATFORM_TABLES = [
  'application',
  'permission',
  'oauth_client',
  'client_secret',
  'client_presenter',
  'client_target',
  'trusted_issuer',
  'trusted_issuer_tenant',
  'trusted_issuer_identifier',
  'trusted_issuer_version',
  'trusted_issuer_activation',
  'signing_key',
  'installation_secret',
  'keyring_epoch',
  'work_lease',
  'policy_plan',
];

/** Written in batches that hold records of many tenants, and only ever added to. */
const TRAILS = ['audit_record', 'decision'];

/**
 * SECURITY: no statement sees a row of a tenant that its transaction did not name. Names last as long as the transaction, so that
 * a connection that goes to another process, by a pooler in between, takes nothing along. `force` holds the owner to it too.
 */
export class RowSecurity1790000009000 implements MigrationInterface {
  readonly name = 'RowSecurity1790000009000';

  async up(runner: QueryRunner): Promise<void> {
    await createServiceRole(runner);
    await createViews(runner);
    await createDirectory(runner);
    await createAttachment(runner);
    await runner.query(
      `
      select attach_row_security(c.oid::regclass, case
          when c.relname = any ($1) then 'platform' when c.relname = any ($2) then 'trail' else 'tenant' end)
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'data_epoch'`,
      [PLATFORM_TABLES, TRAILS],
    );
    // A tenant's own row is also there for whoever knows its name.
    await runner.query(`
      create policy tenant_named on tenant for select
      using (array[slug, id::text] && (select nullif(current_setting('countersign.named', true), '')::text[]))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop policy tenant_named on tenant');
    await runner.query(
      'select detach_row_security(oid::regclass) from pg_class where relrowsecurity and relnamespace = current_schema()::regnamespace',
    );
    for (const created of [
      'attach_row_security(regclass, text)',
      'detach_row_security(regclass)',
      'bind_owner(boolean)',
      'tenants_by_slug(text[])',
      'tenants_by_id(uuid[])',
      'enter_tenants(uuid[])',
      'tenants_in_view()',
      'tenants_in_hand()',
      'grant_service_role()',
    ])
      await runner.query(`drop function ${created}`);
  }
}

/**
 * The role that the service acts as where its own is a superuser, and that the roles of production are members of. Roles belong to
 * the whole server, so another database may have made it a moment ago; who may not make roles goes without.
 */
async function createServiceRole(runner: QueryRunner): Promise<void> {
  await runner.query(`
    do $$
    begin
      if not exists (select from pg_roles where rolname = 'countersign_service') then
        create role countersign_service nologin nosuperuser nobypassrls nocreaterole nocreatedb;
      end if;
    exception when duplicate_object or unique_violation or insufficient_privilege then null;
    end $$`);
  await runner.query(`
    create function grant_service_role() returns void language plpgsql as $$
    begin
      if not exists (select from pg_roles where rolname = 'countersign_service') then return; end if;
      execute format('grant usage on schema %I to countersign_service', current_schema());
      execute format('grant select, insert, update, delete on all tables in schema %I to countersign_service', current_schema());
      execute format('grant usage on all sequences in schema %I to countersign_service', current_schema());
      if to_regclass('schema_migration') is not null then
        revoke insert, update, delete on schema_migration from countersign_service;
      end if;
    end $$`);
}

/** `countersign.tenant`: the one tenant of a read; `countersign.tenants`: those of a unit of work, separated by commas. */
async function createViews(runner: QueryRunner): Promise<void> {
  const named = (setting: string): string =>
    `string_to_array(nullif(current_setting('countersign.${setting}', true), ''), ',')::uuid[]`;
  await runner.query(`
    create function tenants_in_hand() returns uuid[] language sql stable parallel safe
    return coalesce(${named('tenant')}, '{}') || coalesce(${named('tenants')}, '{}')`);
  await runner.query(`
    create function tenants_in_view() returns uuid[] language sql stable parallel safe
    return ${PLATFORM} || tenants_in_hand()`);
  await runner.query(`
    create function enter_tenants(ids uuid[]) returns void language sql volatile as $$
      select set_config('countersign.tenants', concat_ws(',',
        nullif(current_setting('countersign.tenants', true), ''), nullif(array_to_string(ids, ','), '')), true) $$`);
}

/** The narrow ways to a tenant that is not in view: whoever names its slug or id learns the other one and how it stands. */
async function createDirectory(runner: QueryRunner): Promise<void> {
  for (const [name, column, type] of [
    ['tenants_by_slug', 'slug', 'text'],
    ['tenants_by_id', 'id', 'uuid'],
  ]) {
    await runner.query(`
      create function ${name}(wanted ${type}[]) returns table (id uuid, slug text, status text) language plpgsql volatile as $$
      begin
        perform set_config('countersign.named', wanted::text, true);
        return query select t.id, t.slug::text, t.status from tenant t where t.${column} = any (wanted);
        perform set_config('countersign.named', '', true);
      end $$`);
  }
}

/**
 * The names are worked out once for each statement (`select` in brackets). `coalesce` keeps them from choosing an index: a
 * tenant is far too many rows, and what the statement itself asks for is better.
 */
async function createAttachment(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create function attach_row_security(table_name regclass, kind text default 'tenant')
    returns void language plpgsql as $$
    declare
      in_view text := 'coalesce(tenant_id = any ((select tenants_in_view())::uuid[]), false)';
      in_hand text := format('coalesce(tenant_id = any ((select %s())::uuid[]), false)',
        case kind when 'platform' then 'tenants_in_view' else 'tenants_in_hand' end);
    begin
      execute format('alter table %s enable row level security', table_name);
      execute format('alter table %s force row level security', table_name);
      execute format('create policy tenant_read on %s for select using (%s)', table_name, in_view);
      execute format('create policy tenant_remove on %s for delete using (%s)', table_name, in_hand);
      if kind = 'trail' then
        execute format('create policy trail_add on %s for insert with check (true)', table_name);
      else
        execute format('create policy tenant_add on %s for insert with check (%s)', table_name, in_hand);
        execute format('create policy tenant_change on %s for update using (%s) with check (%s)', table_name, in_hand, in_hand);
      end if;
    end $$`);
  await runner.query(`
    create function detach_row_security(table_name regclass) returns void language plpgsql as $$
    declare
      policy name;
    begin
      for policy in select polname from pg_policy where polrelid = table_name loop
        execute format('drop policy %I on %s', policy, table_name);
      end loop;
      execute format('alter table %s no force row level security', table_name);
      execute format('alter table %s disable row level security', table_name);
    end $$`);
  // A migration that changes rows of tenants, run by an owner, would otherwise change none and say nothing.
  await runner.query(`
    create function bind_owner(bound boolean) returns void language plpgsql as $$
    declare
      table_name regclass;
    begin
      for table_name in select oid from pg_class where relrowsecurity and relnamespace = current_schema()::regnamespace loop
        execute format('alter table %s %s row level security', table_name, case when bound then 'force' else 'no force' end);
      end loop;
    end $$`);
}
