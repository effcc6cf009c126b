import { AsyncLocalStorage } from 'node:async_hooks';

export interface GroupCommitOptions<Item> {
  /**
   * Commits the items together; called again only with other items. Batches of one lane run one after the other; lanes are numbered
   * from 0 to `maxInFlight` - 1.
   */
  readonly commit: (items: readonly Item[], lane: number) => Promise<void>;
  readonly maxBatch: number;
  /** Batches under way at the same time. */
  readonly maxInFlight: number;
  /** How many must wait before another batch starts beside the one under way: small batches cost more each. */
  readonly enoughForAnother: number;
  readonly maxWaiting: number;
  /** What is thrown to whoever comes when `maxWaiting` are there. */
  readonly overflow: () => Error;
  /**
   * Whether one item of the batch is at fault. If so, the others are committed without it; if not, whatever failed the batch
   * would meet the items that still wait too, and they fail with it at once.
   */
  readonly blamesAnItem: (error: unknown) => boolean;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Lets items that arrive while a commit runs share the next one. */
export class GroupCommit<Item> {
  private waiting: Waiting<Item>[] = [];
  private inFlight = 0;
  private readonly freeLanes: number[];
  private scheduled = false;

  /**
   * INVARIANT: a batch holds items of many callers, so it must not run in the asynchronous context of any of them; it would
   * join that caller's unit of work and be rolled back with it.
   */
  private readonly outsideOfCallers = AsyncLocalStorage.snapshot();
  private readonly flush = (): void => this.outsideOfCallers(() => this.startBatches());

  constructor(private readonly options: GroupCommitOptions<Item>) {
    // The last one is taken first, so that lane 0 does all the work that one lane can do.
    this.freeLanes = Array.from({ length: options.maxInFlight }, (_, lane) => lane).reverse();
  }

  /** Resolves when the item is committed, not before. */
  add(item: Item): Promise<void> {
    if (this.waiting.length >= this.options.maxWaiting) return Promise.reject(this.options.overflow());

    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.scheduled && this.mayStart()) this.schedule();
    });
  }

  /** One turn of the event loop later, so that requests read from their sockets in the same turn share the commit. */
  private schedule(): void {
    this.scheduled = true;
    setImmediate(this.flush);
  }

  private startBatches(): void {
    this.scheduled = false;
    while (this.mayStart()) void this.runBatch();
  }

  private mayStart(): boolean {
    const { maxInFlight, enoughForAnother } = this.options;
    if (this.waiting.length === 0) return false;
    if (this.inFlight === 0) return true;
    return this.inFlight < maxInFlight && this.waiting.length >= enoughForAnother;
  }

  private async runBatch(): Promise<void> {
    this.inFlight += 1;
    const lane = this.freeLanes.pop() ?? 0;
    await this.settle(this.takeBatch(), lane);
    this.freeLanes.push(lane);
    this.inFlight -= 1;
    this.startBatches();
  }

  private async settle(batch: readonly Waiting<Item>[], lane: number): Promise<void> {
    try {
      await this.options.commit(
        batch.map((waiting) => waiting.item),
        lane,
      );
    } catch (error) {
      return this.fail(batch, lane, error);
    }
    for (const waiting of batch) waiting.resolve();
  }

  private async fail(batch: readonly Waiting<Item>[], lane: number, error: unknown): Promise<void> {
    const isOneItem = this.options.blamesAnItem(error);
    if (isOneItem && batch.length > 1) {
      const half = batch.length >> 1;
      await this.settle(batch.slice(0, half), lane);
      return this.settle(batch.slice(half), lane);
    }
    for (const waiting of batch) waiting.reject(error);
    if (!isOneItem) this.failAllWaiting(error);
  }

  private takeBatch(): Waiting<Item>[] {
    const { maxBatch } = this.options;
    if (this.waiting.length > maxBatch) return this.waiting.splice(0, maxBatch);

    const batch = this.waiting;
    this.waiting = [];
    return batch;
  }

  private failAllWaiting(error: unknown): void {
    const failed = this.waiting;
    this.waiting = [];
    for (const waiting of failed) waiting.reject(error);
  }
}
