import { expect, it } from '@jest/globals';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { MIGRATIONS } from '#clients/migrations.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { openDatabase } from './open.database.js';

const NAMES = MIGRATIONS.map((migration) => migration.name);

describeOnEachDatabase('Migrations', (open) => {
  it('go up, down and up again, and leave nothing behind when they are down', async () => {
    const { database } = await open({ content: 'empty' });
    const objects = () =>
      database.query(`
        select 'table ' || relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'public' and relkind = 'r'
        union select 'function ' || proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where nspname = 'public'`);
    expect(await database.pendingMigrations()).toEqual(NAMES);
    await expect(database.refuseIfOutdated()).rejects.toMatchObject({ code: 'SCHEMA_OUTDATED' });
    expect(await database.migrate()).toEqual(NAMES);
    const there = await objects();
    expect(await database.migrate()).toEqual([]);
    await database.refuseIfOutdated();
    await database.revertMigrations();
    expect(await objects()).toEqual([{ name: 'table schema_migration' }]);
    expect(await database.pendingMigrations()).toEqual(NAMES);
    await database.migrate();
    expect(new Set(await objects())).toEqual(new Set(there));
  });

  it('are listed oldest first, under names that end in their time', () => {
    const times = MIGRATIONS.map((migration) => Number(new migration().name?.slice(-13)));
    expect(times).toEqual([...times].sort());
    expect(times.every((time) => time > 1_790_000_000_000)).toBe(true);
  });

  it('put the tenant first in every key of every table that has one', async () => {
    const { database } = await open();
    const rows = await database.query<{ name: string }>(`
      select c.conrelid::regclass::text || '.' || c.conname as name
      from pg_constraint c
      join pg_attribute tenant on tenant.attrelid = c.conrelid and tenant.attname = 'tenant_id'
      where c.contype in ('p', 'u', 'f') and c.connamespace = 'public'::regnamespace
        and c.conkey[1] <> tenant.attnum and 'tenant'::regclass not in (c.conrelid, c.confrelid)`);
    expect(rows).toEqual([]);
  });
});

describeOnPostgres('Migrations of several processes', (open) => {
  it('run once, whoever starts at the same time', async () => {
    const test = await open({ content: 'empty' });
    const others = await Promise.all([test.reopen(), test.reopen(), test.reopen()]);
    const ran = await Promise.all([test.database, ...others].map((database) => database.migrate()));
    expect(ran.map((names) => names.length).sort()).toEqual([0, 0, 0, NAMES.length]);
    expect(ran.flat()).toEqual(NAMES);
  });

  it('apply all or nothing when one of them fails', async () => {
    const test = await open({ content: 'empty' });
    class Good1790000000001 implements MigrationInterface {
      readonly name = 'Good1790000000001';
      up = (runner: QueryRunner): Promise<void> => runner.query('create table good (id int)');
      down = (runner: QueryRunner): Promise<void> => runner.query('drop table good');
    }
    class Bad1790000000002 implements MigrationInterface {
      readonly name = 'Bad1790000000002';
      up = (runner: QueryRunner): Promise<void> => runner.query('select * from nothing');
      down = (): Promise<void> => Promise.resolve();
    }
    const options = {
      settings: test.settings,
      migrations: [Good1790000000001, Bad1790000000002],
      logger: new SilentLogger(),
      migrate: true,
    };
    await expect(openDatabase(options)).rejects.toThrow(/nothing/);
    expect(await test.database.query(`select to_regclass('good') as good`)).toEqual([{ good: null }]);
  });
});
