import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { UsedIdMemory } from './used-id.memory.js';

const MANY = 100_000;
const STATED_BYTES = 128;

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return getHeapStatistics().used_heap_size + getHeapStatistics().external_memory;
}

describe('Ids that a process remembers', () => {
  it(`take at most ${String(STATED_BYTES)} bytes each, and no more of them than was said`, () => {
    const memory = new UsedIdMemory(MANY);
    const before = heapAfterCollection();
    for (let count = 0; count < MANY; count += 1) memory.remember(randomBytes(32).toString('latin1'), 1_000 + (count % 300), 900);
    const bytes = (heapAfterCollection() - before) / MANY;
    expect(memory.size).toBe(MANY);
    expect(bytes).toBeLessThan(STATED_BYTES);
    for (let count = 0; count < 1_000; count += 1)
      expect(memory.remember(randomBytes(32).toString('latin1'), 2_000, 900)).toBe('no-room');
    expect(memory.size).toBe(MANY);
  });

  it('are forgotten when they have ended, and not a second before', () => {
    const memory = new UsedIdMemory(1);
    expect(memory.remember('a', 100, 90)).toBe('new');
    expect(memory.remember('b', 200, 100)).toBe('no-room');
    expect(memory.remember('a', 200, 100)).toBe('known');
    expect(memory.remember('b', 200, 131)).toBe('new');
    expect(memory.size).toBe(1);
  });
});
