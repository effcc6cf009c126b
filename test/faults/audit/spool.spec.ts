import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { AuditStore } from '#accessors/audit/audit.store.js';
import { auditLimits, PostgresAuditAccess } from '#accessors/audit/postgres.audit.access.js';
import { AuditSpool } from '#accessors/audit/spool/audit-spool.js';
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
  const spools: AuditSpool[] = [];
  beforeEach(async () => {
    opened = await open();
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
    expect(statSync(join(directory, 'records.spool')).size).toBe(0);
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
    // As after kill -9: nothing was stopped, and something was half written.
    appendFileSync(join(directory, 'records.spool'), '{"head":{"chain":"01');
    const next = process();
    await next.spool.recover();
    await until('everything is shipped', () => !next.spool.isInUse);
    await record(next.access, 13, 14);
    await until('everything is shipped', () => !next.spool.isInUse);
    expect(await kept()).toEqual(numbers(1, 14));
    await world.administration.seal(CONTEXT);
    expect(await world.administration.verify(CONTEXT, { anchors: [] })).toMatchObject({ whole: true, records: 14, chains: 2 });
  });

  it('takes nothing more when it is full, and issuing stops', async () => {
    const { access, network } = process(3_000);
    network.away = true;
    await access.record(CONTEXT, issued(1));
    const outcomes = await Promise.allSettled([2, 3, 4, 5, 6].map((number) => access.record(CONTEXT, issued(number))));
    expect(outcomes.map(({ status }) => status)).toContain('rejected');
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(statSync(join(directory, 'records.spool')).size).toBeLessThanOrEqual(3_000);
    network.away = false;
    await until('records go to the database again', async () => {
      await access.record(CONTEXT, issued(7)).catch(() => undefined);
      return (await kept()).includes(7);
    });
  });

  it('keeps records from no database that is back because its folder cannot be written', async () => {
    mkdirSync(join(directory, '..'), { recursive: true });
    writeFileSync(directory, 'a file in its place');
    const { access, network } = process();
    network.away = true;
    await expect(access.record(CONTEXT, issued(1))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    network.away = false;
    await record(access, 2, 3);
    expect(await kept()).toEqual([2, 3]);
  });

  it('is of one process at a time', async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'spool.lock'), String(globalThis.process.ppid));
    await expect(process().spool.recover()).rejects.toMatchObject({ code: 'DATA_DIRECTORY_LOCKED' });
    writeFileSync(join(directory, 'spool.lock'), '999999999');
    await process().spool.recover();
    expect(readFileSync(join(directory, 'spool.lock'), 'utf8')).toBe(String(globalThis.process.pid));
  });

  interface Network {
    away: boolean;
    losesAnswers: boolean;
  }

  /** One process with a spool, and what its network does. */
  function process(maxBytes = 1_000_000) {
    const { database } = opened;
    const clock = new SystemClock();
    const network: Network = { away: false, losesAnswers: false };
    const store = new AuditStore({ database });
    const insert = async (batch: Parameters<AuditStore['insert']>[0]): Promise<void> => {
      if (network.away) throw new CodedError('STORE_UNAVAILABLE');
      await store.insert(batch);
      if (network.losesAnswers) throw new CodedError('STORE_UNAVAILABLE');
    };
    const common = { counters: new MemoryCounters(), logger: new SilentLogger() };
    const spool = new AuditSpool({ settings: { directory, maxBytes }, insert, ...common });
    spools.push(spool);
    const limits = { ...auditLimits(database.engine), maxInFlight: 1, giveUpAfterMs: 200 };
    const faulty = Object.assign(Object.create(store) as AuditStore, { insert });
    const access = new PostgresAuditAccess({
      store: faulty,
      clock,
      ids: new CryptoIdSource({ clock }),
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

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
