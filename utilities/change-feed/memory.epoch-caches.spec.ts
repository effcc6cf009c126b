import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Waiter, Waiters } from '#utilities/database/contract.js';
import type { ChangeFeed, Dated, EpochCache } from './contract.js';
import { MemoryEpochCaches } from './memory.epoch-caches.js';

class ScriptedFeed implements ChangeFeed {
  readonly epochs = new Map<string, number>();
  age = 0;
  onChange(): void {}
  epochOf(topic: string): number {
    return this.epochs.get(topic) ?? 0;
  }
  observe(topic: string, epoch: number): void {
    this.epochs.set(topic, Math.max(epoch, this.epochOf(topic)));
  }
  confirmedAge(): number {
    return this.age;
  }
  announce(): Promise<void> {
    return Promise.resolve();
  }
  start(): Promise<void> {
    return Promise.resolve();
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

interface Thing {
  readonly name: string;
}

describe('EpochCache', () => {
  const TOPIC = 'topic';
  let feed: ScriptedFeed;
  let inside: boolean;
  let cache: EpochCache<Thing>;
  let reads: number;

  beforeEach(() => {
    feed = new ScriptedFeed();
    inside = false;
    reads = 0;
    cache = new MemoryEpochCaches({ changeFeed: feed, units: { isInsideUnit: () => inside } }).create({ values: 3, absent: 3 });
  });

  const answering =
    (epoch: number, value: Thing | undefined = { name: `at ${epoch}` }) =>
    (): Promise<Dated<Thing>> => {
      reads += 1;
      return Promise.resolve({ epoch, value });
    };

  it('reads once for as long as the epoch stands still', async () => {
    const first = await cache.get(TOPIC, 'key', answering(4));
    expect(await cache.get(TOPIC, 'key', answering(4))).toBe(first);
    expect(cache.peek(TOPIC, 'key')).toBe(first);
    expect(reads).toBe(1);
  });

  it('takes note of an epoch that came with the data', async () => {
    await cache.get(TOPIC, 'key', answering(4));
    expect(feed.epochOf(TOPIC)).toBe(4);
  });

  it('reads again when the topic moved on, and hands over the outdated value', async () => {
    const first = await cache.get(TOPIC, 'key', answering(4));
    feed.observe(TOPIC, 5);
    expect(cache.peek(TOPIC, 'key')).toBeUndefined();
    let handed: Thing | undefined;
    const again = await cache.get(TOPIC, 'key', (outdated) => {
      handed = outdated;
      return Promise.resolve({ epoch: 5, value: outdated });
    });
    expect([handed, again, cache.peek(TOPIC, 'key')]).toEqual([first, first, first]);
    expect(again).toBe(first);
  });

  it('does not keep an answer that is older than what became known meanwhile', async () => {
    await cache.get(TOPIC, 'key', () => {
      feed.observe(TOPIC, 9);
      return Promise.resolve({ epoch: 8, value: { name: 'old' } });
    });
    expect(cache.peek(TOPIC, 'key')).toBeUndefined();
    await cache.get(TOPIC, 'key', answering(9));
    expect(reads).toBe(1);
  });

  it('shares a read among callers of one moment, but not with one who knows of a later change', async () => {
    let finish = (_dated: Dated<Thing>): void => undefined;
    const slow = (): Promise<Dated<Thing>> => new Promise((resolve) => (finish = resolve));
    const first = cache.get(TOPIC, 'key', slow);
    const joined = cache.get(TOPIC, 'key', answering(0));
    feed.observe(TOPIC, 1);
    const later = await cache.get(TOPIC, 'key', answering(1));
    finish({ epoch: 0, value: { name: 'early' } });
    expect([(await first)?.name, (await joined)?.name, later?.name]).toEqual(['early', 'early', 'at 1']);
    expect(reads).toBe(1);
    expect(cache.peek(TOPIC, 'key')).toBe(later);
  });

  it('asks again after a read that failed, and keeps nothing of it', async () => {
    await expect(cache.get(TOPIC, 'key', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect((await cache.get(TOPIC, 'key', answering(1)))?.name).toBe('at 1');
  });

  it('trusts nothing when the epochs were not confirmed for more than five minutes', async () => {
    await cache.get(TOPIC, 'key', answering(1));
    await cache.get(TOPIC, 'none', answering(1, undefined));
    feed.age = 300_000;
    expect(cache.peek(TOPIC, 'key')).toBeDefined();
    feed.age = 300_001;
    expect(cache.peek(TOPIC, 'key')).toBeUndefined();
    await cache.get(TOPIC, 'key', answering(1));
    await cache.get(TOPIC, 'none', answering(1, undefined));
    expect(reads).toBe(4);
  });

  it('remembers what is not there until the epoch moves, and lets it push out nothing that is', async () => {
    await cache.get(TOPIC, 'key', answering(1));
    for (let number = 0; number < 50; number += 1)
      await cache.get(TOPIC, `none-${number}`, () => Promise.resolve({ epoch: 1, value: undefined }));
    expect(cache.peek(TOPIC, 'key')).toBeDefined();
    expect(await cache.get(TOPIC, 'none-49', answering(1))).toBeUndefined();
    expect(reads).toBe(1);
    feed.observe(TOPIC, 2);
    expect((await cache.get(TOPIC, 'none-49', answering(2)))?.name).toBe('at 2');
    feed.observe(TOPIC, 3);
    expect(await cache.get(TOPIC, 'none-49', () => Promise.resolve({ epoch: 3, value: undefined }))).toBeUndefined();
    expect(cache.peek(TOPIC, 'none-49')).toBeUndefined();
  });

  it('keeps no more than its bound', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await cache.get(TOPIC, key, answering(1));
    expect(['a', 'b', 'c', 'd'].map((key) => cache.peek(TOPIC, key) !== undefined)).toEqual([false, true, true, true]);
  });

  it('neither answers from memory nor keeps anything inside a unit of work', async () => {
    await cache.get(TOPIC, 'key', answering(1));
    inside = true;
    expect((await cache.get(TOPIC, 'key', answering(2)))?.name).toBe('at 2');
    expect(feed.epochOf(TOPIC)).toBe(1);
    inside = false;
    expect(cache.peek(TOPIC, 'key')?.name).toBe('at 1');
  });

  it('reads for as long as one of those waits who share it, and anew for whoever comes after all have gone', async () => {
    const waits = new AsyncLocalStorage<Waiter>();
    const waiters: Waiters = { runFor: (waiter, work) => waits.run(waiter, work), waiter: () => waits.getStore() };
    const units = { isInsideUnit: () => false };
    const shared = new MemoryEpochCaches({ changeFeed: feed, units, waiters }).create<Thing>({ values: 3, absent: 3 });
    const given: (Waiter | undefined)[] = [];
    const answers: ((dated: Dated<Thing>) => void)[] = [];
    const read = (): Promise<Dated<Thing>> => {
      given.push(waiters.waiter());
      return new Promise((resolve) => answers.push(resolve));
    };
    const [one, other] = [new Leaver(), new Leaver()];
    const reads = [one, other].map((waiter) => waiters.runFor(waiter, () => shared.get(TOPIC, 'key', read)));
    one.go();
    expect(given.map((waiter) => waiter?.isGone)).toEqual([false]);
    other.go();
    expect(given.map((waiter) => waiter?.isGone)).toEqual([true]);
    const later = shared.get(TOPIC, 'key', read);
    expect(given.map((waiter) => waiter?.isGone)).toEqual([true, false]);
    for (const answer of answers) answer({ epoch: 1, value: { name: 'x' } });
    expect(await Promise.all([...reads, later])).toHaveLength(3);
  });
});

class Leaver implements Waiter {
  isGone = false;
  private readonly listeners: (() => void)[] = [];

  onGone(left: () => void): () => void {
    this.listeners.push(left);
    return () => undefined;
  }

  go(): void {
    this.isGone = true;
    for (const left of this.listeners) left();
  }
}
