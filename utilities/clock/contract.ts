/**
 * Hides where time comes from. Anyone may call. Never read `Date` anywhere else.
 */
export interface Clock {
  /** Wall-clock time in whole milliseconds since the Unix epoch; for claims and records. */
  now(): number;
  /** Milliseconds on a clock that never goes back; for timers, ages and time-outs, never for claims. */
  monotonic(): number;
}

export const CLOCK: unique symbol = Symbol('Clock');
