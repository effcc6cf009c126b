/**
 * Hides how happenings are counted and shown. Anyone may call; a count is cheap and never throws.
 */
export interface Counters {
  /** Adds one to `name` under a small, closed set of labels; never a value that a caller chooses. */
  increment(name: string, label?: string): void;
  /** All counts so far, `name{label}` to number. */
  snapshot(): ReadonlyMap<string, number>;
}

export const COUNTERS: unique symbol = Symbol('Counters');
