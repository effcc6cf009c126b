import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { describeOnPostgres } from '../../test/support/database.js';
import { PoolDatabase } from './pool.database.js';

describeOnPostgres('A pool of one connection', (open) => {
  let database: PoolDatabase;

  beforeEach(async () => {
    const { settings } = await open();
    if (settings.kind !== 'postgres') throw new Error('PostgreSQL was asked for');
    const pool = new pg.Pool({ connectionString: settings.url, max: 1, query_timeout: 200, connectionTimeoutMillis: 200 });
    pool.on('error', () => undefined);
    database = new PoolDatabase({
      engine: 'postgres',
      pool,
      acting: { name: undefined },
      keepsStatements: true,
      listen: () => Promise.reject(new Error('not here')),
      dispose: () => Promise.resolve(),
    });
  });
  afterEach(() => database.close());

  const pid = async (): Promise<number | undefined> =>
    (await database.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid;

  it('gives up a connection whose answer did not come in time, and serves on with another one', async () => {
    const first = await pid();
    await expect(database.query('select pg_sleep(5)')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await pid()).not.toBe(first);
    await expect(database.run(() => database.query('select pg_sleep(5)'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await pid()).not.toBe(first);
  });

  it('keeps a connection whose statement was at fault', async () => {
    const first = await pid();
    await expect(database.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(database.run(() => database.query('select 1 / 0'))).rejects.toMatchObject({ code: '22012' });
    expect(await pid()).toBe(first);
  });

  it('says STORE_UNAVAILABLE to a caller who waited for a connection too long', async () => {
    // Bound here, it runs as another request would: outside the unit.
    const asAnother = AsyncLocalStorage.bind(() => database.query('select 1'));
    await database.run(async () => {
      await database.query('select 1');
      await expect(asAnother()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });
});
