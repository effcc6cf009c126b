import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import { describeOnEachDatabase, describeOnPostgres, type TestDatabase } from '../../test/support/database.js';
import type { OpenDatabase } from './open.database.js';

const NOTES = 'create table note (id int primary key, text text)';

describeOnEachDatabase('UnitOfWork', (open) => {
  let database: OpenDatabase;
  beforeAll(async () => {
    database = (await open({ content: 'empty' })).database;
    await database.query(NOTES);
  });
  beforeEach(() => database.query('truncate note'));

  const write = (id: number, text = 'text') => database.query('insert into note values ($1, $2)', [id, text]);
  const ids = async () => (await database.query<{ id: number }>('select id from note order by id')).map(({ id }) => id);

  it('commits everything together, and answers what the work answers', async () => {
    const answer = await database.run(async () => {
      await write(1);
      await database.prepared('write_note', 'insert into note values ($1, $2)', [2, 'text']);
      return 'done';
    });
    expect([answer, await ids()]).toEqual(['done', [1, 2]]);
  });

  it('commits nothing when the work throws', async () => {
    const work = database.run(async () => {
      await write(1);
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await ids()).toEqual([]);
  });

  it('commits nothing and says so when a statement failed, even if the work went on regardless', async () => {
    const work = database.run(async () => {
      await write(1);
      await write(1).catch(() => undefined);
      return 'done';
    });
    await expect(work).rejects.toThrow(/rolled back/);
    expect(await ids()).toEqual([]);
  });

  it('reads its own changes, and runs statements that were started together one after the other', async () => {
    await database.run(async () => {
      await Promise.all([write(1), write(2), write(3)]);
      expect(await ids()).toEqual([1, 2, 3]);
    });
  });

  it('joins an inner unit to the outer one', async () => {
    const work = database.run(async () => {
      await database.run(() => write(1));
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await ids()).toEqual([]);
  });

  it('does not commit past an inner unit that failed', async () => {
    const work = database.run(async () => {
      await write(1);
      await database.run(() => Promise.reject(new Error('inner'))).catch(() => undefined);
    });
    await expect(work).rejects.toThrow('inner');
    expect(await ids()).toEqual([]);
  });

  it('keeps what was not awaited away from the connection, which serves others by then', async () => {
    let goOn = (): void => undefined;
    const later = new Promise<void>((resolve) => (goOn = resolve));
    let late: Promise<unknown> = Promise.resolve();
    await database.run(async () => {
      await write(1);
      late = later.then(() => write(2));
    });
    const other = database.run(async () => {
      goOn();
      await write(3);
      throw new Error('no');
    });
    await expect(other).rejects.toThrow('no');
    await late;
    expect(await ids()).toEqual([1, 2]);
  });

  it('knows who is inside a unit and who is not', async () => {
    let inside = (): void => undefined;
    const entered = new Promise<void>((resolve) => (inside = resolve));
    let goOn = (): void => undefined;
    const leave = new Promise<void>((resolve) => (goOn = resolve));
    const unit = database.run(async () => {
      inside();
      await leave;
      return database.isInsideUnit();
    });
    await entered;
    expect(database.isInsideUnit()).toBe(false);
    goOn();
    expect(await unit).toBe(true);
  });

  it('lets others wait for the unit rather than take part in it', async () => {
    const outside: Promise<unknown>[] = [];
    const unit = database.run(async () => {
      await write(1);
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('no');
    });
    outside.push(write(2));
    await expect(unit).rejects.toThrow('no');
    await Promise.all(outside);
    expect(await ids()).toEqual([2]);
  });
});

describeOnPostgres('UnitOfWork among several connections', (open) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await open({ content: 'empty' });
    await test.database.query(NOTES);
  });

  it('shows nobody what is not committed', async () => {
    const other = await test.reopen();
    const count = async () => (await other.query('select 1 from note')).length;
    await test.database.run(async () => {
      await test.database.query("insert into note values (1, 'text')");
      expect(await count()).toBe(0);
    });
    expect(await count()).toBe(1);
  });

  it('gives the connection back after many failed units', async () => {
    for (let round = 0; round < 10; round += 1)
      await expect(test.database.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await test.database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('goes on after the server ended the connection in the middle of a unit', async () => {
    const other = await test.reopen();
    const unit = test.database.run(async () => {
      const [row] = await test.database.query<{ pid: number }>('select pg_backend_pid() as pid');
      await other.query('select pg_terminate_backend($1)', [row?.pid]);
      return test.database.query('select 1');
    });
    await expect(unit).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { retryAfterSeconds: expect.any(Number) } });
    expect(await test.database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});
