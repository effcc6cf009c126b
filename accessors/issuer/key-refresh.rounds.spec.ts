import { describe, expect, it } from '@jest/globals';
import { KeyRefreshRounds } from './key-refresh.rounds.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A key set whose fetch ends when it is told to. */
function keySet() {
  const set = { begun: 0, end: (): void => undefined, refreshIfDue: (): Promise<void> | null => null };
  set.refreshIfDue = () => {
    set.begun += 1;
    return new Promise((resolve) => (set.end = resolve));
  };
  return set;
}

describe('KeyRefreshRounds', () => {
  it('fetches a few sets of one issuer at a time, and all of them in the end', async () => {
    const rounds = new KeyRefreshRounds();
    const sets = Array.from({ length: 10 }, keySet);
    rounds.begin(sets.map((keys) => ({ issuer: { name: 'slow' }, keys })));
    const begun = (): number => sets.filter((set) => set.begun === 1).length;
    expect(begun()).toBe(4);
    for (const set of sets) {
      set.end();
      await settled();
    }
    expect(begun()).toBe(10);
  });

  it('lets no issuer wait for another', async () => {
    const rounds = new KeyRefreshRounds();
    const slow = Array.from({ length: 10 }, keySet);
    const quick = keySet();
    rounds.begin(slow.map((keys) => ({ issuer: { name: 'slow' }, keys })));
    rounds.begin([{ issuer: { name: 'quick' }, keys: quick }]);
    expect(quick.begun).toBe(1);
    quick.end();
    await settled();
    rounds.begin([...slow.map((keys) => ({ issuer: { name: 'slow' }, keys })), { issuer: { name: 'quick' }, keys: quick }]);
    expect(quick.begun).toBe(2);
    expect(slow.reduce((sum, { begun }) => sum + begun, 0)).toBe(4);
  });

  it('passes over what is not due', async () => {
    const rounds = new KeyRefreshRounds();
    const due = keySet();
    const idle = { refreshIfDue: () => null };
    rounds.begin([...Array.from({ length: 20 }, () => idle), due].map((keys) => ({ issuer: { name: 'one' }, keys })));
    await settled();
    expect(due.begun).toBe(1);
  });
});
