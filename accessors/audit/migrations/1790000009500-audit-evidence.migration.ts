import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createPartitionFunctions } from './audit-partitions.sql.js';

/** At migration, and then each time that the timer looks. */
const DAYS_AHEAD = 7;

/**
 * The trail in partitions by day (UTC), each record a link of a hash chain; and the checkpoints over all chains. What was there
 * before becomes the first partition as it is, without a chain.
 */
export class AuditEvidence1790000009500 implements MigrationInterface {
  readonly name = 'AuditEvidence1790000009500';

  async up(runner: QueryRunner): Promise<void> {
    await setOldTableAside(runner);
    await createTrail(runner);
    await createRules(runner);
    await createCheckpoints(runner);
    await createPartitionFunctions(runner);
    await attachOldTable(runner);
    await runner.query(`select audit_prepare_partitions(${String(DAYS_AHEAD)})`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const created of [
      'audit_drop_partitions(date)',
      'audit_prepare_partitions(integer)',
      'audit_attach_partition(text, text, text)',
      'enter_audit()',
    ])
      await runner.query(`drop function ${created}`);
    for (const table of ['audit_checkpoint', 'audit_unsealed', 'audit_record']) await runner.query(`drop table ${table}`);
    await runner.query('drop function audit_record_keeps()');
    // For the migrations before this one, which take them away.
    await runner.query('create table audit_record (tenant_id uuid not null)');
    await runner.query(
      'create function audit_record_is_append_only() returns trigger language plpgsql as $$ begin return null; end $$',
    );
    await runner.query(`select attach_row_security('audit_record', 'trail')`);
  }
}

async function setOldTableAside(runner: QueryRunner): Promise<void> {
  await runner.query('drop trigger audit_record_append_only on audit_record');
  await runner.query('alter table audit_record rename to audit_record_before');
  await runner.query('alter table audit_record_before drop constraint audit_record_pkey');
  await runner.query('alter index audit_record_at rename to audit_record_before_at');
  await runner.query(`
    alter table audit_record_before
      add column chain uuid, add column sequence bigint, add column salt bytea, add column hash bytea,
      add column erased bytea, add primary key (tenant_id, id, at)`);
}

/**
 * `hash` covers the record, its place and the hash before it; `erased` takes the place of what was erased, and of the salt that
 * went into its digest.
 */
async function createTrail(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table audit_record (
      like audit_record_before including defaults,
      primary key (tenant_id, id, at)
    ) partition by range (at)`);
  await runner.query('create index audit_record_at on audit_record (tenant_id, at)');
  await runner.query('create index audit_record_chain on audit_record (chain, sequence)');
  await runner.query(`select attach_row_security('audit_record', 'trail')`);
}

/** The auditor's view: every tenant's records, for whoever says so in the transaction. */
const WHOLE_TRAIL = `coalesce((select current_setting('countersign.audit', true)) = 'whole', false)`;

async function createRules(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create function enter_audit() returns void language sql volatile as $$
      select set_config('countersign.audit', 'whole', true) $$`);
  await runner.query(`create policy trail_whole on audit_record for select using (${WHOLE_TRAIL})`);
  await runner.query(`
    create policy trail_erase on audit_record for update using (${WHOLE_TRAIL}) with check (${WHOLE_TRAIL})`);
  // Holds for the owner of the table too. The one change that there is takes away what points to a person, and nothing else.
  await runner.query(`
    create function audit_record_keeps() returns trigger language plpgsql as $$
    declare
      erasable constant text[] := array['subject', 'actor', 'token_id', 'subject_token_sha256', 'detail', 'salt', 'erased'];
    begin
      if tg_op = 'UPDATE' and coalesce(current_setting('countersign.audit', true), '') = 'whole' then
        if old.erased is null and new.erased is not null and to_jsonb(old) - erasable = to_jsonb(new) - erasable
          and (new.subject, new.actor, new.token_id, new.subject_token_sha256, new.detail, new.salt) is null then return new;
        end if;
      end if;
      raise exception 'audit records are never changed or deleted' using errcode = 'insufficient_privilege';
    end $$`);
  await runner.query('drop function audit_record_is_append_only()');
  await runner.query(`
    create trigger audit_record_keeps before update or delete on audit_record
    for each row execute function audit_record_keeps()`);
  await runner.query(`
    create trigger audit_record_keeps_all before truncate on audit_record
    for each statement execute function audit_record_keeps()`);
  await runner.query('revoke update, delete, truncate on audit_record from public');
}

/** `audit_unsealed`: the hash of each commit until a checkpoint has it. Only added to and emptied: no row of it is hot. */
async function createCheckpoints(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table audit_unsealed (
      chain uuid not null,
      sequence bigint not null,
      hash bytea not null
    )`);
  await runner.query(`
    create table audit_checkpoint (
      number bigint primary key,
      at timestamptz not null default clock_timestamp(),
      document text not null,
      anchored_at timestamptz
    )`);
}

/** Reaches to the end of the day on which this runs, or of the newest record where that is later. */
async function attachOldTable(runner: QueryRunner): Promise<void> {
  await runner.query(`
    do $$
    declare
      until date;
    begin
      if not exists (select from audit_record_before) then
        drop table audit_record_before;
        return;
      end if;
      select (greatest(max(at), now()) at time zone 'UTC')::date + 1 into until from audit_record_before;
      perform detach_row_security('audit_record_before');
      execute format('alter table audit_record_before rename to %I', 'audit_record_until_' || to_char(until, 'YYYYMMDD'));
      perform audit_attach_partition('audit_record_until_' || to_char(until, 'YYYYMMDD'), 'minvalue',
        quote_literal(until::text || ' 00:00:00+00'));
    end $$`);
}
