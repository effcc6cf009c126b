import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One number for each tenant that grows with every committed change of its data. The row is locked until the writer commits,
 * so the order of the numbers is the order of the commits.
 */
export class ChangeFeed1790000001000 implements MigrationInterface {
  readonly name = 'ChangeFeed1790000001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table data_epoch (
        tenant_id uuid primary key,
        epoch bigint not null check (epoch > 0),
        changed_at timestamptz not null default clock_timestamp()
      )`);
    await runner.query(`
      create function bump_data_epoch() returns trigger language plpgsql as $$
      begin
        if tg_op = 'TRUNCATE' then
          update data_epoch set epoch = epoch + 1, changed_at = clock_timestamp();
        elsif tg_op = 'INSERT' then
          insert into data_epoch (tenant_id, epoch)
            select tenant_id, 1 from (select distinct tenant_id from new_rows) touched order by tenant_id
            on conflict (tenant_id) do update set epoch = data_epoch.epoch + 1, changed_at = clock_timestamp();
        elsif tg_op = 'DELETE' then
          insert into data_epoch (tenant_id, epoch)
            select tenant_id, 1 from (select distinct tenant_id from old_rows) touched order by tenant_id
            on conflict (tenant_id) do update set epoch = data_epoch.epoch + 1, changed_at = clock_timestamp();
        else
          insert into data_epoch (tenant_id, epoch)
            select tenant_id, 1 from (select tenant_id from old_rows union select tenant_id from new_rows) touched order by tenant_id
            on conflict (tenant_id) do update set epoch = data_epoch.epoch + 1, changed_at = clock_timestamp();
        end if;
        return null;
      end $$`);
    await runner.query(`
      create function attach_change_feed(table_name regclass) returns void language plpgsql as $$
      begin
        execute format('create trigger change_feed_insert after insert on %s referencing new table as new_rows
          for each statement execute function bump_data_epoch()', table_name);
        execute format('create trigger change_feed_update after update on %s referencing old table as old_rows new table as new_rows
          for each statement execute function bump_data_epoch()', table_name);
        execute format('create trigger change_feed_delete after delete on %s referencing old table as old_rows
          for each statement execute function bump_data_epoch()', table_name);
        execute format('create trigger change_feed_truncate after truncate on %s
          for each statement execute function bump_data_epoch()', table_name);
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function attach_change_feed(regclass)');
    await runner.query('drop function bump_data_epoch()');
    await runner.query('drop table data_epoch');
  }
}
