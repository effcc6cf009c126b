import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { CryptoIdSource } from './crypto.id-source.js';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const many = (count: number, make: () => string): string[] => Array.from({ length: count }, make);
const millisecondOf = (id: string): number => Number.parseInt(id.slice(0, 13).replace('-', ''), 16);
const grows = (ids: readonly string[]): boolean => ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id);

describe('random ids', () => {
  it('are UUIDs of version 4, each once', () => {
    const source = new CryptoIdSource({ clock: new ManualClock() });
    const ids = many(1000, () => source.random());
    expect(ids.every((id) => UUID_V4.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1000);
  });
});

describe('ordered ids', () => {
  it('are UUIDs of version 7 that carry the time of the clock', () => {
    const clock = new ManualClock(1_790_000_000_123);
    const id = new CryptoIdSource({ clock }).ordered();
    expect(id).toMatch(UUID_V7);
    expect(millisecondOf(id)).toBe(1_790_000_000_123);
  });

  it('grow strictly within one millisecond, also when its count overflows', () => {
    const clock = new ManualClock();
    const source = new CryptoIdSource({ clock });
    const ids = many(10_000, () => source.ordered());
    expect(ids.every((id) => UUID_V7.test(id))).toBe(true);
    expect(grows(ids)).toBe(true);
    expect(millisecondOf(ids[2000] ?? '')).toBe(clock.now());
    expect(millisecondOf(ids.at(-1) ?? '')).toBeGreaterThan(clock.now());
  });

  it('go on growing when the clock steps back', () => {
    const clock = new ManualClock();
    const source = new CryptoIdSource({ clock });
    const ids = many(5, () => source.ordered());
    clock.advance(-60_000);
    ids.push(...many(5, () => source.ordered()));
    clock.advance(120_000);
    ids.push(source.ordered());
    expect(grows(ids)).toBe(true);
    expect(millisecondOf(ids.at(-1) ?? '')).toBe(clock.now());
  });

  it('of two processes at the same moment differ', () => {
    const clock = new ManualClock();
    const tails = many(2000, () => new CryptoIdSource({ clock }).ordered().slice(19));
    expect(new Set(tails).size).toBe(2000);
    const source = new CryptoIdSource({ clock });
    expect(new Set(many(2000, () => source.ordered().slice(19))).size).toBe(2000);
  });
});
