import { beforeAll, expect, it } from '@jest/globals';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres, type TestDatabase } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import type { Waiter } from './contract.js';

/** Waits until it is told to go. */
class Leaving implements Waiter {
  isGone = false;
  private readonly listeners = new Set<() => void>();

  onGone(left: () => void): () => void {
    this.listeners.add(left);
    return () => this.listeners.delete(left);
  }

  go(): void {
    this.isGone = true;
    for (const left of this.listeners) left();
  }

  get isHeard(): boolean {
    return this.listeners.size > 0;
  }
}

const gone = { code: 'REQUEST_DEADLINE_EXCEEDED' };

describeOnEachDatabase('For somebody who waits', (open) => {
  let database: TestDatabase['database'];
  beforeAll(async () => {
    ({ database } = await open());
  });

  it('statements and units of work run as for anybody, and nothing is kept of them', async () => {
    const waiter = new Leaving();
    expect(await database.runFor(waiter, () => database.query('select 1 as one'))).toEqual([{ one: 1 }]);
    expect(await database.runFor(waiter, () => database.run(() => database.query('select 2 as two')))).toEqual([{ two: 2 }]);
    expect(waiter.isHeard).toBe(false);
  });

  it('nothing starts once it is gone, and what is under way for others goes on', async () => {
    const waiter = new Leaving();
    waiter.go();
    await expect(database.runFor(waiter, () => database.query('select 1'))).rejects.toMatchObject(gone);
    await expect(database.runFor(waiter, () => database.run(() => database.query('select 1')))).rejects.toMatchObject(gone);
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('a unit of work that it leaves is rolled back', async () => {
    const waiter = new Leaving();
    const unit = database.runFor(waiter, () =>
      database.run(async () => {
        await database.query(`select set_config('test.left', 'yes', true)`);
        waiter.go();
        await database.query('select 1');
      }),
    );
    await expect(unit).rejects.toMatchObject(gone);
    // It would still be set in a transaction that is still open, which the embedded engine has one session for.
    const [after] = await database.query<{ left: string | null }>(`select current_setting('test.left', true) as "left"`);
    expect(after?.left ?? '').toBe('');
  });
});

describeOnPostgres('A statement of somebody who goes', (open) => {
  let database: TestDatabase['database'];
  beforeAll(async () => {
    ({ database } = await open());
  });

  const running = async (text: string): Promise<number> =>
    (
      await asOwner(
        database,
        `select 1 from pg_stat_activity where state = 'active' and query like $1 and pid <> pg_backend_pid()`,
        [text],
      )
    ).length;

  it('leaves no connection behind that a late cancel could hit, also where its unit of work goes on as if nothing were', async () => {
    const waiter = new Leaving();
    let pid = 0;
    const unit = database.runFor(waiter, () =>
      database.run(async () => {
        pid = (await database.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid ?? 0;
        await database.query('select pg_sleep(30)').catch(() => undefined);
      }),
    );
    await until('it sleeps', async () => (await running('select pg_sleep(30)')) === 1);
    waiter.go();
    await unit.catch(() => undefined);
    expect(pid).toBeGreaterThan(0);
    const alive = async () => (await asOwner(database, 'select 1 from pg_stat_activity where pid = $1', [pid])).length;
    await until('its connection is closed', async () => (await alive()) === 0);
  });

  it('is cancelled at the server, and its connection is given back', async () => {
    const waiters = [new Leaving(), new Leaving(), new Leaving()];
    const sleeping = waiters.map((waiter) => database.runFor(waiter, () => database.query('select pg_sleep(60)')));
    const settled = Promise.allSettled(sleeping);
    await until('all three run', async () => (await running('select pg_sleep%')) === 3);
    for (const waiter of waiters) waiter.go();
    expect((await settled).map((one) => one.status === 'rejected' && (one.reason as { code: string }).code)).toEqual(
      Array.from({ length: 3 }, () => gone.code),
    );
    await until('none runs', async () => (await running('select pg_sleep%')) === 0);
    // Of four connections all serve again.
    expect(
      await Promise.all([1, 2, 3, 4].map((n) => database.query<{ n: number }>(`select ${String(n)} as n from pg_sleep(0.01)`))),
    ).toHaveLength(4);
  });

  it('is cancelled in a unit of work, and never reaches the statement of another', async () => {
    for (let round = 0; round < 10; round += 1) {
      const waiter = new Leaving();
      const unit = database.runFor(waiter, () => database.run(() => database.query(`select pg_sleep(60), 'unit'`)));
      const left = expect(unit).rejects.toMatchObject(gone);
      await until('it runs', async () => (await running('%unit%')) === 1);
      waiter.go();
      const others = Promise.all(Array.from({ length: 8 }, () => database.query('select 1 as one from pg_sleep(0.005)')));
      await left;
      expect(await others).toHaveLength(8);
    }
    await until('none runs', async () => (await running('%unit%')) === 0);
  });

  it('who waits for a connection in vain leaves the queue, and takes none', async () => {
    const holders = [1, 2, 3, 4].map(() => database.query('select pg_sleep(0.3)'));
    const waiter = new Leaving();
    const queued = expect(database.runFor(waiter, () => database.query('select 1'))).rejects.toMatchObject(gone);
    waiter.go();
    await queued;
    await Promise.all(holders);
    expect(await Promise.all([1, 2, 3, 4].map(() => database.query('select 1 as one from pg_sleep(0.01)')))).toHaveLength(4);
  });
});
