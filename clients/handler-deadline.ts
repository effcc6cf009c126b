import type { Clock } from '#utilities/clock/contract.js';
import type { Waiters } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { CallWaiter } from './call.waiter.js';

const LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 500;

interface Waiting {
  readonly since: number;
  readonly overdue: (error: CodedError) => void;
}

/**
 * Answers whoever waits longer than 10 s. One timer looks at all that wait, since a timer and an abort signal for each request
 * would cost more than the rest of the HTTP layer. Work that is not for a `CallWaiter` is bounded by the time-outs of what it waits for.
 */
export class HandlerDeadline {
  private readonly waiting = new Set<Waiting>();
  private timer: NodeJS.Timeout | undefined;

  /** @param waiters left out: what is given up is not told to the database */
  constructor(
    private readonly clock: Clock,
    private readonly waiters?: Pick<Waiters, 'runFor'>,
  ) {}

  /** As `bound`, for a caller who may go before that: what the work does in the database ends with either. */
  boundFor<Result>(caller: CallWaiter, work: () => Promise<Result>): Promise<Result> {
    const working = this.waiters === undefined ? work() : this.waiters.runFor(caller, work);
    return this.bound(working, caller);
  }

  /** Settles as `work` does, or throws `REQUEST_DEADLINE_EXCEEDED` once the limit has passed. */
  bound<Result>(work: Promise<Result>, caller?: CallWaiter): Promise<Result> {
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        since: this.clock.monotonic(),
        overdue: (error) => {
          caller?.go();
          reject(error);
        },
      };
      this.waiting.add(entry);
      this.timer ??= setInterval(() => {
        this.look();
      }, LOOK_EVERY_MS).unref();
      work.then(
        (result) => {
          this.waiting.delete(entry);
          resolve(result);
        },
        (error: unknown) => {
          this.waiting.delete(entry);
          // Whatever was thrown goes on as it is; here nothing is added to it.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on unchanged
          reject(error);
        },
      );
    });
  }

  /** Entries are in the order of their age, so the first one that is young enough ends the look. */
  private look(): void {
    const before = this.clock.monotonic() - LIMIT_MS;
    for (const entry of this.waiting) {
      if (entry.since > before) return;
      this.waiting.delete(entry);
      entry.overdue(new CodedError('REQUEST_DEADLINE_EXCEEDED'));
    }
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

export const HANDLER_DEADLINE: unique symbol = Symbol('HandlerDeadline');
