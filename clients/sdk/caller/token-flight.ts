import type { AccessToken } from './access-token.js';
import { callerError } from './caller-error.js';
import type { CallerRuntime } from './caller-runtime.js';

/** How long a call waits for its token. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from now; left out: 10,000. */
  readonly deadlineMs?: number | undefined;
}

interface Waiter {
  /** On the steady clock. */
  readonly until: number;
  fail(error: unknown): void;
}

const USUAL_MS = 10_000;
const MOST_MS = 600_000;

/** One request for a token that any number of calls wait for. Whoever leaves takes nothing from the others. */
export class TokenFlight {
  private readonly waiters = new Set<Waiter>();
  private readonly outcome: Promise<AccessToken>;
  private lastFailure: unknown;

  /** @param backgroundMs how long it is worth going on though nobody waits */
  constructor(
    private readonly runtime: CallerRuntime,
    private readonly backgroundMs: number,
    fly: (flight: TokenFlight) => Promise<AccessToken>,
  ) {
    this.outcome = fly(this);
    // Nobody may be waiting.
    this.outcome.catch(() => undefined);
  }

  /**
   * @throws CountersignError what came of it, or `TOKEN_DEADLINE_EXCEEDED`
   */
  join({ signal, deadlineMs = USUAL_MS }: Patience): Promise<AccessToken> {
    if (!(deadlineMs > 0)) return Promise.reject(callerError('TOKEN_DEADLINE_EXCEEDED'));
    const milliseconds = Math.min(deadlineMs, MOST_MS);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        callOff();
        signal?.removeEventListener('abort', abort);
        this.waiters.delete(waiter);
      };
      const fail = (error: unknown): void => {
        leave();
        reject(error instanceof Error ? error : new Error('called off', { cause: error }));
      };
      const abort = (): void => {
        fail(signal?.reason);
      };
      const waiter = { until: this.runtime.clock.monotonic() + milliseconds, fail };
      const callOff = this.runtime.after(milliseconds, () => {
        fail(callerError('TOKEN_DEADLINE_EXCEEDED', { cause: this.lastFailure }));
      });
      this.waiters.add(waiter);
      signal?.addEventListener('abort', abort, { once: true });
      this.outcome.then((token) => {
        leave();
        resolve(token);
      }, fail);
    });
  }

  /** Whether anybody still waits when so much time has passed; `failure` is what they hear otherwise, at their deadlines. */
  isAwaitedAfter(milliseconds: number, failure: unknown): boolean {
    this.lastFailure = failure;
    if (milliseconds < this.backgroundMs) return true;
    const then = this.runtime.clock.monotonic() + milliseconds;
    return [...this.waiters].some(({ until }) => until > then);
  }

  /** Sends everybody away. */
  abandon(error: unknown): void {
    for (const waiter of [...this.waiters]) waiter.fail(error);
  }
}
