import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The same as for all partitions: processes that look at the same time wait for one another. */
const LOCK_NUMBER = 7_232_001_002;

/** What runs with the rights of the schema's owner, for the service and for nobody else. */
const FOR_THE_SERVICE = ['audit_prepare_partitions(integer)', 'audit_drop_partitions(date)', 'audit_erase(json)'];

/**
 * What the database itself refuses of what somebody with the service's rights could do to the trail: places that no record has,
 * blanking past the function that erases, and dropping or making partitions as another role.
 */
export class AuditGuards1790000015100 implements MigrationInterface {
  readonly name = 'AuditGuards1790000015100';

  async up(runner: QueryRunner): Promise<void> {
    const [{ schema }] = (await runner.query('select quote_ident(current_schema()) as schema')) as [{ schema: string }];
    await boundPlaces(runner);
    await erasingByFunction(runner, schema);
    await preparationWithConstraints(runner, schema);
    await markCarrying(runner);
    await grantToTheServiceAlone(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function audit_erase(json)');
    await runner.query('drop index audit_checkpoint_at, audit_checkpoint_carries');
    await runner.query('alter table audit_checkpoint drop column carries');
    await runner.query('alter table audit_record drop constraint audit_record_place');
  }
}

/** Not held against what is there already, so that a planted record stops no migration: `verify` tells of it. */
async function boundPlaces(runner: QueryRunner): Promise<void> {
  await runner.query(`
    alter table audit_record add constraint audit_record_place check (case when chain is null
      then num_nonnulls(sequence, hash, salt) = 0 else num_nulls(sequence, hash) = 0 and sequence >= 1 end) not valid`);
}

/**
 * SECURITY: whoever may write to the table could otherwise blank a record as an erasure does. The marker can be set by anybody;
 * acting as the owner of the table cannot, and the function does nothing else. Records of changes are never erased.
 */
async function erasingByFunction(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query(`
    create or replace function audit_record_keeps() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
    declare
      erasable constant text[] := array['subject', 'actor', 'token_id', 'subject_token_sha256', 'detail', 'salt', 'erased'];
    begin
      if tg_op = 'UPDATE' and coalesce(current_setting('countersign.erasing', true), '') = 'yes'
        and current_user = (select pg_get_userbyid(c.relowner) from pg_catalog.pg_class c where c.oid = tg_relid) then
        if old.erased is null and new.erased is not null and old.outcome <> 'changed'
          and to_jsonb(old) - erasable = to_jsonb(new) - erasable
          and (new.subject, new.actor, new.token_id, new.subject_token_sha256, new.detail, new.salt) is null then return new;
        end if;
      end if;
      raise exception 'audit records are never changed or deleted' using errcode = 'insufficient_privilege';
    end $$`);
  await runner.query(`
    create function audit_erase(gone json) returns integer language plpgsql
    security definer set search_path = ${schema}, pg_temp as $$
    declare
      before constant text := coalesce(current_setting('countersign.audit', true), '');
      erased_now integer;
    begin
      perform set_config('countersign.audit', 'whole', true), set_config('countersign.erasing', 'yes', true);
      update audit_record r set subject = null, actor = null, token_id = null, subject_token_sha256 = null, detail = null,
        salt = null, erased = decode(g.digest, 'hex')
      from json_to_recordset(gone) as g (tenant_id uuid, id uuid, at float8, digest text)
      where r.tenant_id = g.tenant_id and r.id = g.id and r.at = to_timestamp(g.at / 1000) and r.erased is null;
      get diagnostics erased_now = row_count;
      perform set_config('countersign.audit', before, true), set_config('countersign.erasing', '', true);
      return erased_now;
    end $$`);
}

/** A partition needs the constraint before it can be attached. */
async function preparationWithConstraints(runner: QueryRunner, schema: string): Promise<void> {
  await runner.query(`
    create or replace function audit_prepare_partitions(ahead integer) returns table (made integer, blocked integer)
    language plpgsql security definer set search_path = ${schema}, pg_temp set lock_timeout = '500ms' as $$
    declare
      today constant date := (clock_timestamp() at time zone 'UTC')::date;
      name text;
    begin
      if ahead is null or ahead not between 0 and 60 then
        raise exception 'expected 0 to 60 days' using errcode = 'invalid_parameter_value';
      end if;
      made := 0;
      blocked := 0;
      perform pg_advisory_xact_lock(${String(LOCK_NUMBER)});
      for day in 0 .. ahead loop
        name := 'audit_record_' || to_char(today + day, 'YYYYMMDD');
        continue when to_regclass(name) is not null;
        begin
          execute format('create table %I (like audit_record including defaults including constraints)', name);
          perform audit_attach_partition(name, quote_literal((today + day)::text || ' 00:00:00+00'),
            quote_literal((today + day + 1)::text || ' 00:00:00+00'));
          made := made + 1;
        exception
          when check_violation then blocked := blocked + 1;
          -- The partition of what was there before reaches into this day.
          when invalid_object_definition then null;
        end;
      end loop;
      return next;
    end $$`);
}

/** So that those few are found that say where chains begin now, without reading all. Nothing is believed of it but where to look. */
async function markCarrying(runner: QueryRunner): Promise<void> {
  await runner.query('alter table audit_checkpoint add column carries boolean not null default false');
  const payload = `translate(split_part(document, '.', 2), '-_', '+/')`;
  const padded = `${payload} || repeat('=', (4 - length(${payload}) % 4) % 4)`;
  await runner.query(`
    update audit_checkpoint set carries = true
    where document ~ '^[A-Za-z0-9_-]+[.]([A-Za-z0-9_-]{4})*([A-Za-z0-9_-]{2,3})?[.]'
      and position('"carried":'::bytea in decode(${padded}, 'base64')) > 0`);
  await runner.query('create index audit_checkpoint_carries on audit_checkpoint (number) where carries');
  await runner.query('create index audit_checkpoint_at on audit_checkpoint (at)');
}

/** The role may come after this migration, so it is granted wherever all else is: at the end of each. */
async function grantToTheServiceAlone(runner: QueryRunner): Promise<void> {
  for (const name of [...FOR_THE_SERVICE, 'audit_attach_partition(text, text, text)'])
    await runner.query(`revoke execute on function ${name} from public`);
  await runner.query(`
    create or replace function grant_service_role() returns void language plpgsql as $$
    declare
      name text;
    begin
      if not exists (select from pg_roles where rolname = 'countersign_service') then return; end if;
      execute format('grant usage on schema %I to countersign_service', current_schema());
      execute format('grant select, insert, update, delete on all tables in schema %I to countersign_service', current_schema());
      execute format('grant usage on all sequences in schema %I to countersign_service', current_schema());
      foreach name in array array[${FOR_THE_SERVICE.map((each) => `'${each}'`).join(', ')}] loop
        if to_regprocedure(name) is not null then execute format('grant execute on function %s to countersign_service', name); end if;
      end loop;
      if to_regclass('schema_migration') is not null then
        revoke insert, update, delete on schema_migration from countersign_service;
      end if;
    end $$`);
}
