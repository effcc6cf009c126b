import { AsyncLocalStorage } from 'node:async_hooks';
import { PLATFORM_TENANT, type ChangeFeed } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

interface Dependencies {
  readonly changeFeed: ChangeFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reload: () => Promise<void>;
}

/** Reloads the keyring whenever platform data changed, and again until it worked. It never keeps a process alive. */
export class KeyringFollower {
  private last: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;
  private failingSince: number | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private retry: NodeJS.Timeout | undefined;
  private isFollowing = false;
  private isStopped = false;
  /** A change is heard of in the asynchronous context of whoever brought it about; a reload must not join its unit of work. */
  private readonly outsideOfCallers = AsyncLocalStorage.snapshot();

  constructor(private readonly deps: Dependencies) {}

  follow(): void {
    if (this.isFollowing) return;
    this.isFollowing = true;
    this.deps.changeFeed.onChange((topic) => {
      if (topic === PLATFORM_TENANT) void this.wake();
    });
  }

  /** Resolves when a reload that began after this call has ended, well or not. Callers at the same time share it. */
  wake(): Promise<void> {
    this.next ??= this.last = this.last.then(() => {
      this.next = undefined;
      return this.outsideOfCallers(() => this.attempt());
    });
    return this.next;
  }

  /** How long the keyring in memory may be out of date, in milliseconds. */
  unconfirmedFor(): number {
    const failing = this.failingSince === undefined ? 0 : this.deps.clock.monotonic() - this.failingSince;
    return Math.max(failing, this.deps.changeFeed.confirmedAge());
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.retry);
  }

  private async attempt(): Promise<void> {
    if (this.isStopped) return;
    clearTimeout(this.retry);
    try {
      await this.deps.reload();
      this.failingSince = undefined;
      this.pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      this.noteFailure(error);
    }
  }

  private noteFailure(error: unknown): void {
    if (this.failingSince === undefined) {
      this.deps.logger.warn('keyring.reload_failed', { code: isCodedError(error) ? error.code : 'INTERNAL' });
    }
    this.failingSince ??= this.deps.clock.monotonic();
    this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
    if (!this.isStopped) this.retry = setTimeout(() => void this.wake(), this.pauseMs).unref();
  }
}
