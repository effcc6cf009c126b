import { beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { CONTEXT } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase, describeOnPostgres, type TestDatabase } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { until } from '../../test/support/until.js';
import type { UsedId, UseOutcome } from './contract.js';
import { DefaultGrantsAccess } from './default.grants.access.js';
import { UsedIdStore } from './stores/used-id.store.js';

const NOW_SECONDS = Math.floor(new ManualClock().now() / 1000);
/** More where the machine is the test's alone. */
const ROUNDS = Number(process.env['REPLAY_ROUNDS'] ?? 10);
const FAR = 4_000_000_000;
const proof = (id: string, given: Partial<UsedId> = {}): UsedId => ({
  use: 'dpop_proof',
  owner: 'key-1',
  id,
  until: NOW_SECONDS + 60,
  ...given,
});

interface Setting {
  readonly whenStoreIsAway?: 'refuse' | 'per-process';
  readonly rememberedIds?: number;
}

/** One process, as it were. */
function processOn(store: Pick<UsedIdStore, 'mark' | 'removeEnded'>, setting: Setting = {}) {
  const clock = new ManualClock();
  const counters = new MemoryCounters();
  const logger = new SilentLogger();
  const access = new DefaultGrantsAccess({ store, clock, counters, logger, whenStoreIsAway: 'refuse', ...setting });
  return { clock, counters, logger, use: (used: UsedId) => access.useOnce(CONTEXT, used) };
}

const tally = (outcomes: readonly UseOutcome[]): Record<string, number> =>
  Object.fromEntries(['first', 'first-here', 'repeated'].map((each) => [each, outcomes.filter((one) => one === each).length]));

describeOnEachDatabase('Single use', (open) => {
  let database: OpenDatabase;
  const fresh = () => processOn(new UsedIdStore({ database }));
  beforeAll(async () => {
    database = (await open()).database;
  });

  it('is the first time, and never again: in this process, in another, and after a restart', async () => {
    const here = fresh();
    expect(await here.use(proof('a'))).toBe('first');
    expect(await here.use(proof('a'))).toBe('repeated');
    expect(await fresh().use(proof('a'))).toBe('repeated');
  });

  it('is of one id of one owner in one use, whatever end it says', async () => {
    const here = fresh();
    expect(await here.use(proof('b'))).toBe('first');
    expect(await here.use(proof('b', { owner: 'key-2' }))).toBe('first');
    expect(await here.use(proof('b', { use: 'client_assertion' }))).toBe('first');
    expect(await here.use(proof('b', { until: NOW_SECONDS + 90 }))).toBe('repeated');
    expect(await fresh().use(proof('b', { until: NOW_SECONDS + 200 }))).toBe('repeated');
    expect(await here.use(proof('1:x', { owner: 'key' }))).toBe('first');
    expect(await here.use(proof('x', { owner: 'key:1' }))).toBe('first');
  });

  it('keeps digests alone', async () => {
    await fresh().use(proof('a secret id', { owner: 'a secret owner' }));
    const rows = await database.query<{ row: string }>('select used_id::text as row from used_id');
    for (const { row } of rows) expect(row).not.toContain('secret');
  });

  it('takes an id of any length and any bytes', async () => {
    const here = fresh();
    for (const id of ['', '\u0000', '💥'.repeat(4_000), "'; drop table used_id --"]) {
      expect(await here.use(proof(id))).toBe('first');
      expect(await here.use(proof(id))).toBe('repeated');
    }
  });

  it('removes what ended five minutes ago by the clock of the database, and nothing else', async () => {
    const store = new UsedIdStore({ database });
    const [row] = await database.query<{ now: number }>('select extract(epoch from now())::float8 as now');
    const now = row?.now ?? 0;
    const digests = [1, 2, 3].map((byte) => Buffer.alloc(32, byte));
    const ends = [now - 301, now - 290, now + 60];
    for (const [index, digest] of digests.entries()) await store.mark(digest, ends[index] ?? 0);
    await store.removeEnded(1_000);
    const marks = await Promise.all(digests.map((digest) => store.mark(digest, now)));
    expect(marks).toEqual([true, false, false]);
  });

  it('removes in batches while it is used, so that the table does not grow for ever', async () => {
    const here = fresh();
    await database.query(
      `insert into used_id select sha256(n::text::bytea), now() - interval '1 hour' from generate_series(1, 900) n`,
    );
    for (let count = 0; count < 500; count += 1) await here.use(proof(`many-${String(count)}`, { until: FAR }));
    const old =
      "select count(*)::int as count from used_id where ends_at < now() - interval '5 minutes' and ends_at > now() - interval '2 hours'";
    await until('old ones are gone', async () => (await database.query<{ count: number }>(old))[0]?.count === 0);
  });
});

describeOnPostgres('Single use across replicas', (open) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await open();
  });

  it('lets one of a hundred simultaneous calls on two replicas through', async () => {
    const replicas = [test.database, await test.reopen()].map((database) => processOn(new UsedIdStore({ database })));
    for (let round = 0; round < ROUNDS; round += 1) {
      const calls = Array.from({ length: 100 }, (_unused, call) => replicas[call % 2]?.use(proof(`round-${String(round)}`)));
      expect(tally(await Promise.all(calls as Promise<UseOutcome>[]))).toEqual({ first: 1, 'first-here': 0, repeated: 99 });
    }
  });
});

/** The store of a server that can be cut off. */
class CutOffStore {
  private readonly marked = new Set<string>();
  isAway = false;
  removals = 0;

  mark(digest: Buffer): Promise<boolean> {
    if (this.isAway) return Promise.reject(new CodedError('STORE_UNAVAILABLE'));
    const key = digest.toString('hex');
    const isFirst = !this.marked.has(key);
    this.marked.add(key);
    return Promise.resolve(isFirst);
  }

  removeEnded(): Promise<void> {
    this.removals += 1;
    return this.isAway ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : Promise.resolve();
  }
}

describe('Single use while the store is away', () => {
  const REFUSED = { code: 'REPLAY_UNCHECKED', details: { retryAfterSeconds: 2 } };

  it('is refused, unless the installation has chosen otherwise', async () => {
    const store = new CutOffStore();
    store.isAway = true;
    const here = processOn(store);
    await expect(here.use(proof('a'))).rejects.toMatchObject(REFUSED);
    expect(here.counters.snapshot().get('single_use.unchecked{dpop_proof}')).toBe(1);
  });

  it('is single in each process, and says so, where that was chosen', async () => {
    const store = new CutOffStore();
    const [here, there] = [
      processOn(store, { whenStoreIsAway: 'per-process' }),
      processOn(store, { whenStoreIsAway: 'per-process' }),
    ];
    expect(await here.use(proof('before'))).toBe('first');
    store.isAway = true;
    expect(await here.use(proof('before'))).toBe('repeated');
    const calls = Array.from({ length: 100 }, () => here.use(proof('a')));
    expect(tally(await Promise.all(calls))).toEqual({ first: 0, 'first-here': 1, repeated: 99 });
    expect(await there.use(proof('a'))).toBe('first-here');
    store.isAway = false;
    expect(await here.use(proof('a'))).toBe('repeated');
    expect(await here.use(proof('b'))).toBe('first');
  });

  it('never passes for a fault of the statement', async () => {
    const here = processOn(
      { mark: () => Promise.reject(new Error('relation does not exist')), removeEnded: () => Promise.resolve() },
      { whenStoreIsAway: 'per-process' },
    );
    await expect(here.use(proof('a'))).rejects.toThrow('relation does not exist');
  });

  it('refuses what there is no room for, and forgets nothing that has not ended', async () => {
    const store = new CutOffStore();
    store.isAway = true;
    const here = processOn(store, { whenStoreIsAway: 'per-process', rememberedIds: 3 });
    for (const id of ['a', 'b', 'c']) expect(await here.use(proof(id))).toBe('first-here');
    await expect(here.use(proof('d'))).rejects.toMatchObject(REFUSED);
    expect(await here.use(proof('a'))).toBe('repeated');
    expect(await here.use(proof('d', { use: 'client_assertion' }))).toBe('first-here');
    here.clock.advance(120_000);
    expect(await here.use(proof('d', { until: NOW_SECONDS + 180 }))).toBe('first-here');
  });

  it('goes on with the store where there is no room, and trusts nothing of its own until what it did not keep has ended', async () => {
    const store = new CutOffStore();
    const here = processOn(store, { whenStoreIsAway: 'per-process', rememberedIds: 2 });
    for (const id of ['a', 'b', 'c']) expect(await here.use(proof(id))).toBe('first');
    expect(await here.use(proof('c'))).toBe('repeated');
    store.isAway = true;
    await expect(here.use(proof('c'))).rejects.toMatchObject(REFUSED);
    here.clock.advance(59_000);
    await expect(here.use(proof('e', { until: NOW_SECONDS + 119 }))).rejects.toMatchObject(REFUSED);
    here.clock.advance(61_000);
    expect(await here.use(proof('f', { until: NOW_SECONDS + 180 }))).toBe('first-here');
  });

  it('logs a removal that failed, and goes on', async () => {
    const store = new CutOffStore();
    const here = processOn(store);
    for (let count = 0; count < 499; count += 1) await here.use(proof(`id-${String(count)}`));
    store.removeEnded = () => Promise.reject(new CodedError('STORE_UNAVAILABLE'));
    expect(await here.use(proof('last'))).toBe('first');
    await until('it is logged', () => Promise.resolve(here.logger.lines.some(({ event }) => event === 'single_use.not_removed')));
  });
});
