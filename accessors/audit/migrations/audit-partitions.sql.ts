import type { QueryRunner } from 'typeorm';

/** A record is never kept for less, whatever the settings say: younger ones cannot be dropped by the service at all. */
const LEAST_RETENTION_DAYS = 30;

/** Any fixed number: processes that look at the same time wait for one another. */
const LOCK_NUMBER = 7_232_001_002;

/**
 * The service may not make or drop tables, so these two functions do it as the owner of the schema, and nothing else.
 *
 * SECURITY: they run with the rights of their owner, so names are looked up in this schema alone, and what a caller says is a small
 * number or a date. Locks are not waited for: whoever issues tokens must not wait behind them.
 */
export async function createPartitionFunctions(runner: QueryRunner): Promise<void> {
  const [{ schema }] = (await runner.query('select quote_ident(current_schema()) as schema')) as [{ schema: string }];
  const asOwner = `security definer set search_path = ${schema}, pg_temp set lock_timeout = '500ms'`;
  await runner.query(`
    create function audit_attach_partition(name text, lower_bound text, upper_bound text) returns void language plpgsql as $$
    begin
      perform attach_row_security(name::regclass, 'trail');
      execute format('create trigger audit_record_keeps_all before truncate on %I
        for each statement execute function audit_record_keeps()', name);
      execute format('alter table audit_record attach partition %I for values from (%s) to (%s)', name, lower_bound, upper_bound);
    end $$`);
  // A record of a day that has no partition is kept all the same, in the default one.
  await runner.query(`create table audit_record_rest (like audit_record including defaults)`);
  await runner.query(`select attach_row_security('audit_record_rest', 'trail')`);
  await runner.query(`
    create trigger audit_record_keeps_all before truncate on audit_record_rest
    for each statement execute function audit_record_keeps()`);
  await runner.query('alter table audit_record attach partition audit_record_rest default');
  await createPreparation(runner, asOwner);
  await createRemoval(runner, asOwner);
}

/** Answers how many partitions were made, how many days have none, since records of them are in the default one already. */
async function createPreparation(runner: QueryRunner, asOwner: string): Promise<void> {
  await runner.query(`
    create function audit_prepare_partitions(ahead integer) returns table (made integer, blocked integer)
    language plpgsql ${asOwner} as $$
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
          execute format('create table %I (like audit_record including defaults)', name);
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

/** Drops the partitions whose records are all from before that day; answers their names. */
async function createRemoval(runner: QueryRunner, asOwner: string): Promise<void> {
  await runner.query(`
    create function audit_drop_partitions(before date) returns setof text
    language plpgsql ${asOwner} as $$
    declare
      name text;
    begin
      if before is null or before > (clock_timestamp() at time zone 'UTC')::date - ${String(LEAST_RETENTION_DAYS)} then
        raise exception 'records are kept for at least ${String(LEAST_RETENTION_DAYS)} days' using errcode = 'invalid_parameter_value';
      end if;
      perform pg_advisory_xact_lock(${String(LOCK_NUMBER)});
      for name in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'audit_record'::regclass and c.relname ~ '^audit_record_(until_)?[0-9]{8}$'
          and to_date(right(c.relname, 8), 'YYYYMMDD') + case when c.relname ~ 'until' then 0 else 1 end <= before
        order by 1
      loop
        execute format('drop table %I', name);
        return next name;
      end loop;
    end $$`);
}
