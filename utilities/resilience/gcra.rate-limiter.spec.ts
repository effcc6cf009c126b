import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { GcraRateLimiter } from './gcra.rate-limiter.js';

function taken(limiter: GcraRateLimiter, key: string, times: number): number {
  return Array.from({ length: times }, () => limiter.take(key)).filter((wait) => wait === null).length;
}

describe('A rate limiter', () => {
  it('lets two seconds of the rate through at once, and the rate from then on', () => {
    const clock = new ManualClock(0);
    const limiter = new GcraRateLimiter({ clock, perSecond: 10 });
    expect(taken(limiter, 'a', 100)).toBe(20);
    clock.advance(1_000);
    expect(taken(limiter, 'a', 100)).toBe(10);
    clock.advance(60_000);
    expect(taken(limiter, 'a', 100)).toBe(20);
  });

  it('says in whole seconds when to come again, and takes nothing for having been asked', () => {
    const clock = new ManualClock(0);
    const limiter = new GcraRateLimiter({ clock, perSecond: 0.5 });
    expect(limiter.take('a')).toBeNull();
    expect([limiter.take('a'), limiter.take('a')]).toEqual([2, 2]);
    clock.advance(2_000);
    expect(limiter.take('a')).toBeNull();
  });

  it('lets one through in its time however low the rate', () => {
    const clock = new ManualClock(0);
    const limiter = new GcraRateLimiter({ clock, perSecond: 0.01 });
    expect([limiter.take('a'), limiter.take('a')]).toEqual([null, 100]);
    clock.advance(100_000);
    expect(taken(limiter, 'a', 5)).toBe(1);
  });

  it.each(Array.from({ length: 50 }, (_, at) => 12_345.678_9 * (at + 1)))('lets one in time through at %f ms', (elapsed) => {
    const clock = new ManualClock(0);
    clock.advance(elapsed);
    expect(new GcraRateLimiter({ clock, perSecond: 0.01 }).take('a')).toBeNull();
  });

  it('keeps keys apart', () => {
    const limiter = new GcraRateLimiter({ clock: new ManualClock(0), perSecond: 1 });
    expect(taken(limiter, 'a', 10)).toBe(2);
    expect(taken(limiter, 'b', 10)).toBe(2);
  });

  it('lets everything through without a rate', () => {
    expect(taken(new GcraRateLimiter({ clock: new ManualClock(0), perSecond: null }), 'a', 1_000)).toBe(1_000);
  });
});
