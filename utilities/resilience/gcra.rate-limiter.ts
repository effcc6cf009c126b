import type { Clock } from '#utilities/clock/contract.js';
import type { RateLimiter } from './contract.js';

/** How far a caller may run ahead of an even rate: what comes in bursts is let through as long as the mean is kept. */
const BURST_SECONDS = 2;

interface Options {
  readonly clock: Clock;
  /** `null`: everything is let through. */
  readonly perSecond: number | null;
}

/** The generic cell rate algorithm: one number for each key, the time at which an even sender would be due. */
export class GcraRateLimiter implements RateLimiter {
  private readonly dueAt = new Map<string, number>();
  private readonly intervalMs: number;
  private readonly aheadMs: number;

  constructor(private readonly options: Options) {
    this.intervalMs = options.perSecond === null ? 0 : 1_000 / options.perSecond;
    // However low the rate: one that comes alone is on time.
    this.aheadMs = Math.max(BURST_SECONDS * 1_000, this.intervalMs);
  }

  take(key: string): number | null {
    if (this.intervalMs === 0) return null;
    const now = this.options.clock.monotonic();
    const from = Math.max(this.dueAt.get(key) ?? now, now);
    // What is on time is so to the last bit: fractions of milliseconds must not add up to a refusal.
    const early = from - now + (this.intervalMs - this.aheadMs);
    if (early > 0) return Math.max(1, Math.ceil(early / 1_000));
    this.dueAt.set(key, from + this.intervalMs);
    return null;
  }
}
