import type { Clock } from '#utilities/clock/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';

/** A clock that runs like the real one and can be pushed forward, so that waits of half a minute take no half minute. */
export class RunningClock implements Clock {
  private readonly real = new SystemClock();
  private pushed = 0;

  now(): number {
    return this.real.now() + this.pushed;
  }

  monotonic(): number {
    return this.real.monotonic() + this.pushed;
  }

  advance(milliseconds: number): void {
    this.pushed += milliseconds;
  }
}
