import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { GroupCommit, type GroupCommitOptions } from './group-commit.js';

class BadItem extends Error {}

describe('GroupCommit', () => {
  it('commits what arrives in one turn of the event loop together', async () => {
    const { group, batches } = build();
    await Promise.all([group.add(1), group.add(2), group.add(3)]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it('resolves only after the commit', async () => {
    const { group, gates } = build({ gated: true });
    let resolved = false;
    const added = group.add(1).then(() => (resolved = true));
    await until(() => gates.length === 1);
    await nextTurn();
    expect(resolved).toBe(false);
    gates[0]?.();
    await added;
    expect(resolved).toBe(true);
  });

  it('gathers what arrives while a commit runs into the next one', async () => {
    const { group, batches, gates } = build({ gated: true });
    const all = [group.add(1)];
    await until(() => gates.length === 1);
    for (let item = 2; item <= 100; item += 1) {
      all.push(group.add(item));
      if (item % 10 === 0) await nextTurn();
    }
    expect(batches).toEqual([[1]]);
    gates[0]?.();
    await until(() => gates.length === 2);
    gates[1]?.();
    await Promise.all(all);
    expect(batches.map((batch) => batch.length)).toEqual([1, 99]);
  });

  it('starts another batch beside the first one only when enough wait, and never more than allowed', async () => {
    const { group, batches, gates } = build({ gated: true, maxInFlight: 2, enoughForAnother: 4 });
    const all = [group.add(0)];
    await until(() => gates.length === 1);
    all.push(group.add(1), group.add(2), group.add(3));
    await nextTurn();
    expect(batches.length).toBe(1);
    all.push(group.add(4));
    await until(() => gates.length === 2);
    expect(batches[1]).toEqual([1, 2, 3, 4]);
    for (let item = 5; item < 50; item += 1) all.push(group.add(item));
    await nextTurn();
    expect(batches.length).toBe(2);
    gates[1]?.();
    await until(() => gates.length === 3);
    for (const open of gates) open();
    await Promise.all(all);
    expect(batches.flat().length).toBe(50);
  });

  it('keeps batches within their size', async () => {
    const { group, batches } = build({ maxBatch: 8 });
    await Promise.all(Array.from({ length: 20 }, (_, item) => group.add(item)));
    expect(batches.map((batch) => batch.length)).toEqual([8, 8, 4]);
  });

  it('turns away at once whoever comes when too many wait', async () => {
    const { group, gates } = build({ gated: true, maxWaiting: 3 });
    const first = group.add(0);
    await until(() => gates.length === 1);
    const waiting = [group.add(1), group.add(2), group.add(3)];
    await expect(group.add(4)).rejects.toThrow('overflow');
    gates[0]?.();
    await until(() => gates.length === 2);
    gates[1]?.();
    await Promise.all([first, ...waiting]);
  });

  it('fails all that wait when the commit fails for a reason that would meet them too, and works again after', async () => {
    const { group, gates, batches, failWith } = build({ gated: true });
    const first = group.add(0);
    await until(() => gates.length === 1);
    const waiting = [group.add(1), group.add(2)];
    failWith(new Error('down'));
    gates[0]?.();
    const outcomes = await Promise.allSettled([first, ...waiting]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(batches).toEqual([[0]]);

    failWith(undefined);
    const later = group.add(3);
    await until(() => gates.length === 2);
    gates[1]?.();
    await later;
  });

  it('commits the neighbours of an item that is at fault, and fails that one alone', async () => {
    const { group, committed } = build({ refuses: (item) => item === 5 || item === 6 });
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, (_, item) => group.add(item)));
    const failed = outcomes.flatMap((outcome, item) => (outcome.status === 'rejected' ? [item] : []));
    expect(failed).toEqual([5, 6]);
    expect([...committed].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('never runs a commit in the asynchronous context of a caller', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const group = new GroupCommit<number>(options(async () => void seen.push(context.getStore())));
    await context.run('a unit of work', () => group.add(1));
    await context.run('a unit of work', async () => {
      await group.add(2);
      await group.add(3);
    });
    expect(seen).toEqual([undefined, undefined, undefined]);
  });
});

function options(commit: (items: readonly number[]) => Promise<void>): GroupCommitOptions<number> {
  return {
    commit,
    maxBatch: 512,
    maxInFlight: 1,
    enoughForAnother: 32,
    maxWaiting: 1_000,
    overflow: () => new Error('overflow'),
    blamesAnItem: (error) => error instanceof BadItem,
  };
}

interface Build extends Partial<GroupCommitOptions<number>> {
  /** Whether each commit waits until its gate is opened. */
  readonly gated?: boolean;
  readonly refuses?: (item: number) => boolean;
}

function build({ gated = false, refuses = () => false, ...changed }: Build = {}) {
  const batches: number[][] = [];
  const committed = new Set<number>();
  const gates: (() => void)[] = [];
  let failure: Error | undefined;
  const commit = async (items: readonly number[]): Promise<void> => {
    batches.push([...items]);
    if (gated) await new Promise<void>((resolve) => gates.push(resolve));
    if (failure !== undefined) throw failure;
    if (items.some(refuses)) throw new BadItem();
    for (const item of items) committed.add(item);
  };
  const group = new GroupCommit<number>({ ...options(commit), ...changed });
  return { group, batches, committed, gates, failWith: (error: Error | undefined) => (failure = error) };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}
