import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { SigningRateGuard } from './signing-rate.guard.js';

describe('the rate guard of a vault', () => {
  it('lets no ten seconds hold more than the limit, at ten times the limit, wherever they begin', () => {
    const clock = new ManualClock();
    const guard = new SigningRateGuard({ clock, unitsPer10Seconds: 4_000 });
    const taken: number[] = [];
    // 40,000 in ten seconds are 4 in a millisecond.
    for (let ms = 0; ms < 40_000; ms += 1) {
      for (let count = 0; count < 4; count += 1) if (isTaken(guard)) taken.push(ms);
      clock.advance(1);
    }
    for (let from = 0; from < 30_000; from += 97) {
      expect(taken.filter((at) => at >= from && at < from + 10_000).length).toBeLessThanOrEqual(4_000);
    }
    expect(taken.length).toBeGreaterThan(14_000);
  });

  it('sheds with the seconds after which it has room again', () => {
    const clock = new ManualClock();
    const guard = new SigningRateGuard({ clock, unitsPer10Seconds: 10 });
    guard.take(1);
    const error = refusalOf(guard);
    expect(error).toMatchObject({ code: 'SIGNING_THROTTLED', details: { retryAfterSeconds: 2 } });
    clock.advance(2_000);
    guard.take(1);
  });

  it('counts a signature by its weight', () => {
    const clock = new ManualClock();
    const guard = new SigningRateGuard({ clock, unitsPer10Seconds: 4_000 });
    let signed = 0;
    while (isTaken(guard, 8)) signed += 1;
    expect(signed).toBe(50);
  });
});

function isTaken(guard: SigningRateGuard, units = 1): boolean {
  return refusalOf(guard, units) === undefined;
}

function refusalOf(guard: SigningRateGuard, units = 1): unknown {
  try {
    guard.take(units);
    return undefined;
  } catch (cause) {
    if (isCodedError(cause)) return cause;
    throw cause;
  }
}
