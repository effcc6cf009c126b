import type { Clock } from '#utilities/clock/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';

/** The clock of the machine, whose timers can be moved on: tokens stay as young as they are while key sets grow old. */
export class SkippingClock implements Clock {
  private readonly real = new SystemClock();
  private skipped = 0;

  now(): number {
    return this.real.now();
  }

  monotonic(): number {
    return this.real.monotonic() + this.skipped;
  }

  skip(milliseconds: number): void {
    this.skipped += milliseconds;
  }
}
