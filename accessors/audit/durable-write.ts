import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import { faultText, isDataFault, isStatementFault } from './write-fault.js';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;
const RETRY_AFTER_SECONDS = 5;

export interface DurableWriteDependencies {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
  /** How long one batch is tried for, all in all. */
  readonly giveUpAfterMs: number;
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Runs an idempotent write until it is known to be committed. A connection that is lost after the commit was sent leaves
 * nobody the wiser; trying again under the same ids settles it.
 */
export class DurableWrite {
  private readonly pause: (milliseconds: number) => Promise<unknown>;

  constructor(private readonly deps: DurableWriteDependencies) {
    this.pause = deps.pause ?? sleep;
  }

  /** @throws CodedError `AUDIT_UNAVAILABLE` */
  async run(write: () => Promise<void>): Promise<void> {
    const giveUpAt = this.deps.clock.monotonic() + this.deps.giveUpAfterMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        await within(write(), Math.max(1, giveUpAt - this.deps.clock.monotonic()));
        return;
      } catch (error) {
        if (isLasting(error) || this.deps.clock.monotonic() + pauseMs >= giveUpAt) throw this.gaveUp(error);
      }
      this.deps.counters.increment('audit.retries');
      await this.pause(pauseMs);
    }
  }

  private gaveUp(cause: unknown): CodedError {
    const fault = faultText(cause);
    this.deps.counters.increment('audit.failures');
    this.deps.logger.error('audit.not_recorded', { fault });
    return auditUnavailable(fault, cause);
  }
}

export function auditUnavailable(internal: string, cause?: unknown): CodedError {
  return new CodedError('AUDIT_UNAVAILABLE', { internal, retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
}

/** Whether one of the rows is at fault rather than the database. */
export function blamesTheData(error: unknown): boolean {
  return error instanceof Error && isDataFault(error.cause);
}

/** Whether it was the database that could not be reached, so that the same rows may well be written later. */
export function isAway(error: unknown): boolean {
  return error instanceof Error && error.cause !== undefined && !isLasting(error.cause);
}

function isLasting(error: unknown): boolean {
  return isDataFault(error) || isStatementFault(error);
}

async function within<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new CodedError('STORE_UNAVAILABLE', { internal: 'no answer in time' })), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
