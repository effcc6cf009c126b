import { AsyncLocalStorage } from 'node:async_hooks';

export interface WriteBehindOptions<Item> {
  readonly write: (items: readonly Item[]) => Promise<void>;
  readonly maxBatch: number;
  /** Includes those that are being written. */
  readonly maxWaiting: number;
  /** How long items gather before they are written. */
  readonly lingerMs: number;
  /** How long to wait after a failure, doubling from the linger up to this. */
  readonly longestPauseMs: number;
  /** How long a stop may take. */
  readonly stopWithinMs: number;
  readonly failure: (error: unknown) => Failure;
  readonly dropped: (count: number, why: 'full' | 'refused' | 'stopped') => void;
}

/** `items`: one of the batch is at fault; `batch`: no part of it can be written, ever; `moment`: later it may work. */
export type Failure = 'items' | 'batch' | 'moment';

/** A bounded queue that is written in batches, one after the other, and that nobody waits for. */
export class WriteBehind<Item> {
  private waiting: Item[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private pauseMs: number;
  private stopped = false;

  /** INVARIANT: a batch holds items of many callers, so it runs in no caller's context: it would join that one's unit of work. */
  private readonly outsideOfCallers = AsyncLocalStorage.snapshot();

  constructor(private readonly options: WriteBehindOptions<Item>) {
    this.pauseMs = options.lingerMs;
  }

  add(item: Item): void {
    const full = this.waiting.length >= this.options.maxWaiting;
    if (this.stopped || full) {
      this.options.dropped(1, this.stopped ? 'stopped' : 'full');
      return;
    }
    this.waiting.push(item);
    if (this.timer === undefined && this.writing === undefined) this.schedule();
  }

  /** Writes what waits, as far as there is time. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (late = setTimeout(resolve, this.options.stopWithinMs)));
    await Promise.race([this.outsideOfCallers(() => this.writeAll()), limit]);
    clearTimeout(late);
    if (this.waiting.length > 0) this.options.dropped(this.waiting.length, 'stopped');
    this.waiting = [];
  }

  private schedule(): void {
    this.outsideOfCallers(() => {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        void this.writeAll();
      }, this.pauseMs).unref();
    });
  }

  private writeAll(): Promise<void> {
    this.writing ??= this.writeBatches().finally(() => {
      this.writing = undefined;
      if (this.waiting.length > 0 && !this.stopped) this.schedule();
    });
    return this.writing;
  }

  /** Until nothing waits or the moment is bad. What waits leaves the queue once it is settled, so that the bound holds. */
  private async writeBatches(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, this.options.maxBatch);
      const settled = await this.settle(batch);
      if (!settled) {
        this.pauseMs = Math.min(2 * this.pauseMs, this.options.longestPauseMs);
        return;
      }
      this.pauseMs = this.options.lingerMs;
      this.waiting.splice(0, batch.length);
    }
  }

  /** Answers whether the items are written or dropped for good. */
  private async settle(batch: readonly Item[]): Promise<boolean> {
    try {
      await this.options.write(batch);
      return true;
    } catch (error) {
      const failure = this.options.failure(error);
      if (failure === 'moment') return false;
      if (failure === 'batch' || batch.length === 1) {
        this.options.dropped(batch.length, 'refused');
        return true;
      }
    }
    const half = batch.length >> 1;
    return (await this.settle(batch.slice(0, half))) && this.settle(batch.slice(half));
  }
}
