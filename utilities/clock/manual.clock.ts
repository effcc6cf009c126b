import type { Clock } from './contract.js';

/** A clock that moves only when told to: for tests, simulations and deterministic replays. */
export class ManualClock implements Clock {
  private elapsed = 0;

  constructor(private readonly start = 1_790_000_000_000) {}

  now(): number {
    return this.start + this.elapsed;
  }

  monotonic(): number {
    return this.elapsed;
  }

  /** Moves both time scales forward (or, for the wall clock's sake, back) by `milliseconds`. */
  advance(milliseconds: number): void {
    this.elapsed += milliseconds;
  }
}
