import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { LogFields } from '#utilities/logging/contract.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { blamesTheData, DurableWrite } from './durable-write.js';

describe('DurableWrite', () => {
  it('writes once when that works', async () => {
    const { durableWrite, counters } = build();
    let tries = 0;
    await durableWrite.run(async () => void (tries += 1));
    expect(tries).toBe(1);
    expect(counters.snapshot().size).toBe(0);
  });

  it('tries again while the database is away, with growing pauses', async () => {
    const { durableWrite, pauses } = build();
    let tries = 0;
    await durableWrite.run(async () => {
      tries += 1;
      if (tries < 4) throw new CodedError('STORE_UNAVAILABLE');
    });
    expect(tries).toBe(4);
    expect(pauses).toEqual([10, 20, 40]);
  });

  it('gives up when the time is over, with AUDIT_UNAVAILABLE and a time to come back', async () => {
    const { durableWrite, clock, counters, logged } = build();
    const down = durableWrite.run(async () => {
      throw new CodedError('STORE_UNAVAILABLE', { cause: sqlError('57P01') });
    });
    await expect(down).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE', details: { retryAfterSeconds: 5 } });
    expect(clock.monotonic()).toBeGreaterThan(2_000);
    expect(clock.monotonic()).toBeLessThan(3_000);
    expect(counters.snapshot().get('audit.failures')).toBe(1);
    expect(logged).toEqual([['audit.not_recorded', { fault: 'STORE_UNAVAILABLE 57P01' }]]);
  });

  it('does not wait for an answer that never comes', async () => {
    const { durableWrite } = build(5);
    await expect(durableWrite.run(() => new Promise(() => undefined))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  });

  it.each(['53100', '53300', '57014', '40001', '40P01', '58030', 'XX000'])('tries again after SQLSTATE %s', async (state) => {
    const { durableWrite } = build();
    let tries = 0;
    await durableWrite.run(async () => {
      tries += 1;
      if (tries === 1) throw sqlError(state);
    });
    expect(tries).toBe(2);
  });

  it.each([
    ['22P02', true],
    ['22P05', true],
    ['23514', true],
    ['42P01', false],
    ['42501', false],
    ['0A000', false],
  ])('does not try again after SQLSTATE %s', async (state, data) => {
    const { durableWrite, pauses } = build();
    const error: unknown = await durableWrite.run(() => Promise.reject(sqlError(state))).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    expect(blamesTheData(error)).toBe(data);
    expect(pauses).toEqual([]);
  });

  it('logs no message of the database, which can quote a row', async () => {
    const { durableWrite, logged } = build();
    await durableWrite.run(() => Promise.reject(sqlError('22P02', 'canary in a value'))).catch(() => undefined);
    expect(JSON.stringify(logged)).toContain('22P02');
    expect(JSON.stringify(logged)).not.toContain('canary');
  });
});

function build(giveUpAfterMs = 3_000) {
  const clock = new ManualClock();
  const counters = new MemoryCounters();
  const pauses: number[] = [];
  const logged: [string, LogFields | undefined][] = [];
  const log = (event: string, fields?: LogFields): void => void logged.push([event, fields]);
  const durableWrite = new DurableWrite({
    clock,
    counters,
    logger: { debug: log, info: log, warn: log, error: log },
    giveUpAfterMs,
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
      clock.advance(milliseconds);
    },
  });
  return { durableWrite, clock, counters, pauses, logged };
}

function sqlError(code: string, message = 'refused'): Error {
  return Object.assign(new Error(message), { code });
}
