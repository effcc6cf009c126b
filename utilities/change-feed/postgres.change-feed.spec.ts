import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { until } from '../../test/support/until.js';
import { CHANNEL, PostgresChangeFeed } from './postgres.change-feed.js';

const NEVER_MS = 86_400_000;
const SOON_MS = 20;
const tenantId = (number: number): string => `33333333-3333-4333-8333-${String(number).padStart(12, '0')}`;

async function createThings(database: OpenDatabase): Promise<void> {
  await asOwner(database, 'create table thing (tenant_id uuid, id int)');
  await asOwner(database, 'grant all on thing to public');
  await asOwner(database, `select attach_change_feed('thing')`);
}

describeOnEachDatabase('ChangeFeed', (open) => {
  let database: OpenDatabase;
  let clock: ManualClock;
  const feeds: PostgresChangeFeed[] = [];
  let made = 0;
  let tenant: string;

  beforeAll(async () => {
    database = (await open()).database;
    await createThings(database);
  });
  beforeEach(() => {
    clock = new ManualClock();
    tenant = tenantId((made += 1));
  });
  afterEach(async () => {
    await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
  });

  async function startFeed(pollIntervalMs = NEVER_MS): Promise<PostgresChangeFeed> {
    const feed = new PostgresChangeFeed({ database, clock, logger: new SilentLogger(), pollIntervalMs });
    feeds.push(feed);
    await feed.start();
    return feed;
  }
  const change = (of = tenant) => database.query('insert into thing values ($1, 1)', [of]);
  const stored = async (of = tenant): Promise<number> => {
    const [row] = await database.query<{ epoch: string }>('select epoch from data_epoch where tenant_id = $1', [of]);
    return Number(row?.epoch ?? 0);
  };

  it('grows the epoch once for each statement that changes rows of the tenant, and for no other', async () => {
    const steps: [string, number][] = [
      ['insert into thing select $1::uuid, n from generate_series(1, 10) as n', 1],
      ['update thing set id = id + 1 where tenant_id = $1', 2],
      ['update thing set id = 0 where tenant_id = $1 and id > 1000', 2],
      ['delete from thing where tenant_id = $1 and id = 2', 3],
      ['delete from thing where tenant_id = $1 and id = 2', 3],
    ];
    for (const [statement, epoch] of steps) {
      await database.query(statement, [tenant]);
      expect([statement, await stored()]).toEqual([statement, epoch]);
    }
  });

  it('grows the epochs of both tenants when a row moves, and of all when a table is emptied', async () => {
    const other = tenantId(1_000 + made);
    await change();
    await change(other);
    await database.query('update thing set tenant_id = $2 where tenant_id = $1', [tenant, other]);
    expect([await stored(), await stored(other)]).toEqual([2, 2]);
    await database.query('truncate thing');
    expect([await stored(), await stored(other)]).toEqual([3, 3]);
  });

  it('gives the number back when the change is rolled back', async () => {
    await change();
    await expect(database.run(() => change().then(() => Promise.reject(new Error('no'))))).rejects.toThrow('no');
    expect(await stored()).toBe(1);
  });

  it('knows all epochs when it has started, and nothing of what was never heard of', async () => {
    await change();
    const feed = await startFeed();
    expect([feed.epochOf(tenant), feed.epochOf(tenantId(999_999))]).toEqual([1, 0]);
  });

  it('tells the other processes what changed when it is announced', async () => {
    const [writer, reader] = [await startFeed(), await startFeed()];
    const heard: [string, number][] = [];
    reader.onChange((topic, epoch) => heard.push([topic, epoch]));
    await change();
    await writer.announce();
    expect(writer.epochOf(tenant)).toBe(1);
    await until('the reader hears', () => reader.epochOf(tenant) === 1);
    expect(heard).toEqual([[tenant, 1]]);
  });

  it('announces what it has itself only observed, and what was announced once not again', async () => {
    const writer = await startFeed();
    const payloads: string[] = [];
    const stop = await database.listen(
      CHANNEL,
      (payload) => payloads.push(payload),
      () => undefined,
    );
    await change();
    writer.observe(tenant, 1);
    await writer.announce();
    await writer.announce();
    await database.announce(CHANNEL, 'end');
    await until('the end is heard', () => payloads.includes('end'));
    expect(payloads).toEqual([`${tenant}:1`, 'end']);
    await stop();
  });

  it('announces more topics than one message carries', async () => {
    const [writer, reader] = [await startFeed(), await startFeed()];
    await database.query(
      `insert into thing select ('44444444-4444-4444-8444-' || lpad(n::text, 12, '0'))::uuid, n from generate_series(1, 250) as n`,
    );
    await writer.announce();
    const topics = Array.from({ length: 250 }, (_, n) => `44444444-4444-4444-8444-${String(n + 1).padStart(12, '0')}`);
    await until('the reader knows all', () => topics.every((topic) => reader.epochOf(topic) === 1));
  });

  it('says what to do when the database does not answer', async () => {
    const logger = new SilentLogger();
    let asked = 0;
    const away = Object.assign(Object.create(database) as typeof database, {
      prepared: () => ((asked += 1) === 1 ? Promise.resolve([]) : Promise.reject(new Error('away'))),
    });
    const feed = new PostgresChangeFeed({ database: away, clock, logger, pollIntervalMs: SOON_MS });
    feeds.push(feed);
    await feed.start();
    await until('it was asked again', () => logger.lines.length > 0);
    expect(logger.lines[0]).toMatchObject({
      event: 'change_feed.poll_failed',
      fields: { reason: 'away', next: expect.any(String) },
    });
  });

  it('finds by polling what nobody announced', async () => {
    const reader = await startFeed(SOON_MS);
    await change();
    await until('the poll finds it', () => reader.epochOf(tenant) === 1);
  });

  it('never goes back, and ignores what is no announcement', async () => {
    const feed = await startFeed();
    feed.observe(tenant, 5);
    feed.observe(tenant, 4);
    for (const noise of [
      '',
      'x',
      `${tenant}:`,
      `${tenant}:-1`,
      `${tenant}:1e99`,
      `${tenant}:99999999999999999999`,
      `${tenant}:3`,
    ])
      await database.announce(CHANNEL, noise);
    await database.announce(CHANNEL, `${tenantId(888_888)}:7`);
    await until('the last one is heard', () => feed.epochOf(tenantId(888_888)) === 7);
    expect(feed.epochOf(tenant)).toBe(5);
  });

  it('says how long ago the database confirmed the epochs', async () => {
    const unstarted = new PostgresChangeFeed({ database, clock, logger: new SilentLogger() });
    expect(unstarted.confirmedAge()).toBe(Infinity);
    const feed = await startFeed();
    clock.advance(1_234);
    expect(feed.confirmedAge()).toBe(1_234);
    const polling = await startFeed(SOON_MS);
    clock.advance(1_000);
    await until('a poll confirms', () => polling.confirmedAge() === 0);
  });
});

describeOnPostgres('ChangeFeed among several connections', (open) => {
  it('numbers changes in the order of their commits', async () => {
    const test = await open();
    const other = await test.reopen();
    const watcher = await test.reopen();
    await createThings(test.database);
    const epoch = async (database: OpenDatabase): Promise<number> => {
      const [row] = await database.query<{ epoch: string }>('select epoch from data_epoch where tenant_id = $1', [tenantId(1)]);
      return Number(row?.epoch ?? 0);
    };
    let second: Promise<unknown> = Promise.resolve();
    await test.database.run(async () => {
      await test.database.query('insert into thing values ($1, 1)', [tenantId(1)]);
      second = other.query('insert into thing values ($1, 2)', [tenantId(1)]);
      await until('the other writer waits for this one', async () => {
        const waiting = await asOwner(watcher, `select 1 from pg_stat_activity where wait_event_type = 'Lock'`);
        return waiting.length > 0;
      });
      expect(await epoch(test.database)).toBe(1);
    });
    await second;
    expect(await epoch(other)).toBe(2);
  });
});
