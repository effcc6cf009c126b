import type { MigrationInterface, QueryRunner } from 'typeorm';
import { REVOCATIONS_TOPIC } from '../stores/revocations-topic.js';

/**
 * What is revoked. It belongs to no tenant: a client is of none, and every process keeps all of it, to answer without asking. So it has
 * a topic of its own in the change feed, which lets a revocation disturb nothing else that is kept.
 *
 * Numbers follow the clock where it is ahead of them. So they grow also over a database that was put back to an earlier state, and
 * nobody who read further takes what is revoked after it for known. The row of the topic is locked until the writer commits, so the
 * order of the numbers is the order of the commits.
 */
export class Revocations1790000013000 implements MigrationInterface {
  readonly name = 'Revocations1790000013000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table revocation (
        by_what text not null check (by_what in ('token', 'subject', 'client', 'tenant')),
        tenant text collate "C" not null check ((by_what in ('subject', 'tenant')) = (tenant <> '')),
        name text collate "C" not null check ((by_what = 'tenant') = (name = '')),
        of_tenant text, of_subject text, of_client text,
        issued_before bigint not null check (issued_before > 0),
        until bigint not null,
        because text not null,
        revoked_at timestamptz not null,
        sequence bigint not null,
        primary key (by_what, tenant, name),
        check (num_nulls(of_tenant, of_subject, of_client) in (0, 3))
      )`);
    await runner.query('create unique index revocation_in_order on revocation (sequence)');
    await runner.query('create index revocation_ended on revocation (until)');
    await runner.query(`
      create function number_revocation() returns trigger language plpgsql as $$
      begin
        insert into data_epoch (tenant_id, epoch)
          values ('${REVOCATIONS_TOPIC}', floor(extract(epoch from clock_timestamp()) * 1000))
          on conflict (tenant_id) do update
            set epoch = greatest(data_epoch.epoch + 1, excluded.epoch), changed_at = clock_timestamp()
          returning epoch into new.sequence;
        new.revoked_at := clock_timestamp();
        return new;
      end $$`);
    await runner.query(`create trigger revocation_numbered before insert or update on revocation
      for each row execute function number_revocation()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table revocation');
    await runner.query('drop function number_revocation()');
    await runner.query(`delete from data_epoch where tenant_id = '${REVOCATIONS_TOPIC}'`);
  }
}
