import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { ExchangeRecord } from '#accessors/audit/contract.js';
import { AuditStore } from '#accessors/audit/audit.store.js';
import { auditLimits, PostgresAuditAccess } from '#accessors/audit/postgres.audit.access.js';
import { AuditSpool } from '#accessors/audit/spool/audit-spool.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { describeOnPostgres, type TestDatabase } from '../../support/database.js';
import { SilentLogger } from '../../support/silent.logger.js';
import { until } from '../../support/until.js';
import { auditWorld, type AuditWorld, CONTEXT, issued } from './audit.world.js';

describeOnPostgres('The spool of the audit trail', (open) => {
  let opened: TestDatabase;
  let world: AuditWorld;
  let directory: string;
  /** By which files of others grow old. */
  let clock: ManualClock;
  const spools: AuditSpool[] = [];
  beforeEach(async () => {
    opened = await open();
    clock = new ManualClock();
    world = await auditWorld(opened.database);
    directory = join(mkdtempSync(join(tmpdir(), 'countersign-spool-')), 'spool');
  });
  afterEach(async () => {
    await Promise.all(spools.splice(0).map((spool) => spool.stop()));
    rmSync(directory, { recursive: true, force: true });
    await world.close();
  });

  it('keeps records while the database is away, and ships them once it is back, each once, in chains that verify', async () => {
    const { access, network, spool } = process();
    await record(access, 1, 5);
    network.away = true;
    await record(access, 6, 30);
    expect(spool.isInUse).toBe(true);
    expect((await kept()).length).toBe(5);
    network.away = false;
    await record(access, 31, 40);
    await until('everything is shipped', () => !spool.isInUse);
    await record(access, 41, 45);
    await until('everything is shipped', () => !spool.isInUse);
    expect(await kept()).toEqual(numbers(1, 45));
    expect(spooledBytes()).toBe(0);
    await world.administration.seal(CONTEXT);
    expect(await world.administration.verify(CONTEXT, { anchors: [] })).toMatchObject({ whole: true, records: 45, chains: 1 });
  });

  it('settles a commit whose answer was lost: exactly one record', async () => {
    const { access, network, spool } = process();
    network.losesAnswers = true;
    await record(access, 1, 3);
    expect(spool.isInUse).toBe(true);
    network.losesAnswers = false;
    await until('everything is shipped', () => !spool.isInUse);
    expect(await kept()).toEqual(numbers(1, 3));
  });

  it('is taken up by the next process, without the line that was cut off when the last one ended', async () => {
    const first = process();
    first.network.away = true;
    await record(first.access, 1, 12);
    // As after kill -9: nothing was stopped, and something was half written. Both have the same number, as in containers.
    appendFileSync(spoolFiles()[0] ?? '', '{"head":{"chain":"01');
    const next = process();
    await next.spool.recover();
    await record(next.access, 13, 14);
    expect(await kept()).toEqual([13, 14]);
    standStill();
    await next.spool.recover();
    await until('everything is shipped', async () => (await kept()).length === 14);
    await until('the file is gone', () => spooledBytes() === 0);
    expect([...(await kept())].sort((one, other) => one - other)).toEqual(numbers(1, 14));
    await world.administration.seal(CONTEXT);
    expect(await world.administration.verify(CONTEXT, { anchors: [] })).toMatchObject({ whole: true, records: 14, chains: 2 });
  });

  it('is left for the next process at once where the last one was stopped', async () => {
    const first = process();
    first.network.away = true;
    await record(first.access, 1, 3);
    await first.spool.stop();
    await process().spool.recover();
    await until('everything is shipped', async () => (await kept()).length === 3);
  });

  it('is taken from nobody who lives, and loses nothing of somebody who was thought dead', async () => {
    const [one, other] = [process(), process()];
    one.network.away = true;
    await record(one.access, 1, 3);
    const files = spoolFiles();
    await other.spool.recover();
    for (let beats = 0; beats < 4; beats += 1) {
      clock.advance(15_000);
      await one.spool.recover();
      await other.spool.recover();
    }
    expect(spoolFiles()).toEqual(files);
    // It stands still for longer, and then goes on.
    standStill();
    await other.spool.recover();
    await until('what it had is shipped', async () => (await kept()).length === 3);
    await record(one.access, 4, 5);
    // And dies after all: what it answered for last is on the disk under a name of its own.
    await other.spool.recover();
    standStill();
    await other.spool.recover();
    await until('the rest is shipped', async () => (await kept()).length === 5);
    one.network.away = false;
    await until('it has shipped what it had, once more', () => !one.spool.isInUse);
    expect(await kept()).toEqual(numbers(1, 5));
    await world.administration.seal(CONTEXT);
    expect(await world.administration.verify(CONTEXT, { anchors: [] })).toMatchObject({ whole: true, records: 5, chains: 1 });
  });

  it('sets aside the one record that no table can hold, and ships those beside it', async () => {
    const { access, network, spool } = process();
    network.away = true;
    await Promise.all(numbers(1, 9).map((number) => access.record(CONTEXT, number === 6 ? unstorable() : issued(number))));
    network.away = false;
    await until('everything is shipped', () => !spool.isInUse);
    expect(await kept()).toEqual(numbers(1, 9).filter((number) => number !== 6));
    const refused = readFileSync(join(directory, 'refused.spool'), 'utf8').trim().split('\n');
    expect(refused).toHaveLength(1);
    expect(refused[0]).toContain('"token_id":"token-6"');
  });

  it('takes nothing more when it is full, and issuing stops', async () => {
    const { access, network } = process(3_000);
    network.away = true;
    await access.record(CONTEXT, issued(1));
    const outcomes = await Promise.allSettled([2, 3, 4, 5, 6].map((number) => access.record(CONTEXT, issued(number))));
    expect(outcomes.map(({ status }) => status)).toContain('rejected');
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(spooledBytes()).toBeLessThanOrEqual(3_000);
    network.away = false;
    await until('records go to the database again', async () => {
      await access.record(CONTEXT, issued(7)).catch(() => undefined);
      return (await kept()).includes(7);
    });
  });

  it('keeps records from no database that is back because its folder cannot be written', async () => {
    mkdirSync(join(directory, '..'), { recursive: true });
    writeFileSync(directory, 'a file in its place');
    const { access, network, spool } = process();
    // Upkeep goes on, which has more to do than this.
    await spool.recover();
    network.away = true;
    await expect(access.record(CONTEXT, issued(1))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    network.away = false;
    await record(access, 2, 3);
    expect(await kept()).toEqual([2, 3]);
  });

  /** More than half a minute in which nobody shows that he lives. */
  function standStill(): void {
    clock.advance(31_000);
  }

  function spoolFiles(): string[] {
    return readdirSync(directory)
      .filter((name) => name !== 'refused.spool')
      .map((name) => join(directory, name));
  }

  function spooledBytes(): number {
    return spoolFiles().reduce((sum, name) => sum + statSync(name).size, 0);
  }

  interface Network {
    away: boolean;
    losesAnswers: boolean;
  }

  /** One process with a spool, and what its network does. */
  function process(maxBytes = 1_000_000) {
    const { database } = opened;
    const real = new SystemClock();
    const network: Network = { away: false, losesAnswers: false };
    const store = new AuditStore({ database });
    const insert = async (batch: Parameters<AuditStore['insert']>[0]): Promise<void> => {
      if (network.away) throw new CodedError('STORE_UNAVAILABLE');
      await store.insert(batch);
      if (network.losesAnswers) throw new CodedError('STORE_UNAVAILABLE');
    };
    const common = { counters: new MemoryCounters(), logger: new SilentLogger() };
    const spool = new AuditSpool({
      settings: { directory, maxBytes },
      insert,
      clock,
      ids: new CryptoIdSource({ clock }),
      ...common,
    });
    spools.push(spool);
    const limits = { ...auditLimits(database.engine), maxInFlight: 1, giveUpAfterMs: 200 };
    const faulty = Object.assign(Object.create(store) as AuditStore, { insert });
    const access = new PostgresAuditAccess({
      store: faulty,
      clock: real,
      ids: new CryptoIdSource({ clock: real }),
      limits,
      spool,
      ...common,
    });
    return { access, network, spool };
  }

  async function kept(): Promise<readonly number[]> {
    const records = await world.administration.records(CONTEXT, {}, { order: 'oldest', after: null, limit: 1_000 });
    return records.map(({ tokenId }) => Number(tokenId?.replace('token-', '')));
  }
});

async function record(access: PostgresAuditAccess, from: number, to: number): Promise<void> {
  for (const number of numbers(from, to)) await access.record(CONTEXT, issued(number));
}

/** Its end is at no time that a table has. */
function unstorable(): ExchangeRecord {
  return { ...issued(6), expiresAt: 1_000_000_000_000_000 };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
