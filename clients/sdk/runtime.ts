import { randomInt } from 'node:crypto';

/** Where time comes from. The package stands alone, so it has a clock of its own. */
export interface Clock {
  /** Wall-clock time in whole milliseconds since the Unix epoch; for claims. */
  now(): number;
  /** Milliseconds on a clock that never goes back; for ages. */
  monotonic(): number;
}

/** What the verifier needs of the process that it runs in; tests bring their own. */
export interface Runtime {
  readonly clock: Clock;
  /** Calls `work` again and again without keeping the process alive. Answers what ends it. */
  every(milliseconds: number, work: () => void): () => void;
}

export interface Moment {
  readonly wall: number;
  readonly steady: number;
}

export const SYSTEM_RUNTIME: Runtime = {
  clock: {
    // eslint-disable-next-line no-restricted-syntax -- the home of time in this package, which cannot import the service's
    now: () => Date.now(),
    // eslint-disable-next-line no-restricted-syntax -- the home of time in this package, which cannot import the service's
    monotonic: () => performance.now(),
  },
  every(milliseconds, work) {
    // Up to a tenth sooner, never later: a thousand services that were started together do not ask together.
    const timer = setInterval(work, milliseconds - randomInt(Math.ceil(milliseconds / 10))).unref();
    return () => {
      clearInterval(timer);
    };
  },
};

export function momentOf({ clock }: Pick<Runtime, 'clock'>): Moment {
  return { wall: clock.now(), steady: clock.monotonic() };
}

/**
 * Milliseconds that passed since then. SECURITY: the longer of the two clocks, since the steady one stands still while a machine
 * sleeps and the other one can be put back; what is kept is never thought younger than it is.
 */
export function millisecondsSince({ clock }: Pick<Runtime, 'clock'>, { wall, steady }: Moment): number {
  return Math.max(clock.now() - wall, clock.monotonic() - steady);
}
