import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.js';
import { WriteBehind, type Failure, type WriteBehindOptions } from './write-behind.js';

interface Scene {
  readonly queue: WriteBehind<number>;
  readonly written: number[][];
  readonly dropped: [number, string][];
}

function build(changes: Partial<WriteBehindOptions<number>> = {}): Scene {
  const written: number[][] = [];
  const dropped: [number, string][] = [];
  const queue = new WriteBehind<number>({
    write: async (items) => void written.push([...items]),
    maxBatch: 3,
    maxWaiting: 6,
    lingerMs: 1,
    longestPauseMs: 4,
    stopWithinMs: 5_000,
    failure: () => 'moment',
    dropped: (count, why) => dropped.push([count, why]),
    ...changes,
  });
  return { queue, written, dropped };
}

describe('WriteBehind', () => {
  it('writes what gathered, in order, in batches of the size that is allowed', async () => {
    const { queue, written } = build();
    for (const item of [1, 2, 3, 4]) queue.add(item);
    await until('all is written', () => written.flat().length === 4);
    expect(written).toEqual([[1, 2, 3], [4]]);
    queue.add(5);
    await until('what came later too', () => written.length === 3);
  });

  it('drops and counts what comes when the queue is full, also while a write hangs', async () => {
    let finish = (): void => undefined;
    const { queue, dropped } = build({ write: () => new Promise((resolve) => (finish = resolve)) });
    for (let item = 0; item < 6; item += 1) queue.add(item);
    await until('a write hangs', () => finish.length === 1);
    queue.add(7);
    queue.add(8);
    expect(dropped).toEqual([
      [1, 'full'],
      [1, 'full'],
    ]);
  });

  it('keeps what the moment refuses and writes it later, once', async () => {
    let tries = 0;
    const seen: number[] = [];
    const { queue, dropped } = build({
      write: async (items) => {
        tries += 1;
        if (tries < 5) throw new Error('away');
        seen.push(...items);
      },
    });
    queue.add(1);
    queue.add(2);
    await until('it is written', () => seen.length > 0);
    await queue.stop();
    expect([seen, dropped]).toEqual([[1, 2], []]);
  });

  it('writes the others when one item is at fault', async () => {
    const written: number[] = [];
    const { queue, dropped } = build({
      write: async (items) => {
        if (items.includes(2)) throw new Error('poison');
        written.push(...items);
      },
      failure: (): Failure => 'items',
    });
    for (const item of [1, 2, 3, 4]) queue.add(item);
    await queue.stop();
    expect([written, dropped]).toEqual([[1, 3, 4], [[1, 'refused']]]);
  });

  it('drops a batch that can never be written, and goes on with the next', async () => {
    let first = true;
    const written: number[] = [];
    const { queue, dropped } = build({
      write: async (items) => {
        if (first) {
          first = false;
          throw new Error('no such table');
        }
        written.push(...items);
      },
      failure: (): Failure => 'batch',
    });
    for (const item of [1, 2, 3, 4]) queue.add(item);
    await queue.stop();
    expect([written, dropped]).toEqual([[4], [[3, 'refused']]]);
  });

  it('writes what waits when it stops, and takes nothing afterwards', async () => {
    const { queue, written, dropped } = build({ lingerMs: 86_400_000 });
    queue.add(1);
    await queue.stop();
    queue.add(2);
    expect([written, dropped]).toEqual([[[1]], [[1, 'stopped']]]);
  });

  it('counts what a stop could not write, and does not wait for a write that hangs', async () => {
    const { queue, dropped } = build({ write: () => new Promise(() => undefined), stopWithinMs: 5 });
    queue.add(1);
    queue.add(2);
    await queue.stop();
    expect(dropped).toEqual([[2, 'stopped']]);
  });

  it('runs in the context of no caller', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { queue } = build({ write: async () => void seen.push(context.getStore()) });
    context.run('a caller', () => queue.add(1));
    await until('it is written', () => seen.length === 1);
    expect(seen).toEqual([undefined]);
  });
});
