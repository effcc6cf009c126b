import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Database } from '#utilities/database/contract.js';

/** A change feed whose poll happens when a test says so: on a clock that jumps, the timer of the real one would come too late. */
export class SteppedChangeFeed implements ChangeFeed {
  private confirmedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly deps: { readonly inner: ChangeFeed; readonly database: Database; readonly clock: Clock }) {}

  /** The poll of every 30 s. */
  async confirm(): Promise<void> {
    const askedAt = this.deps.clock.monotonic();
    const rows = await this.deps.database.query<{ topic: string; epoch: string }>(
      'select tenant_id as topic, epoch from data_epoch',
    );
    for (const { topic, epoch } of rows) this.observe(topic, Number(epoch));
    this.confirmedAt = askedAt;
  }

  confirmedAge(): number {
    return this.deps.clock.monotonic() - this.confirmedAt;
  }

  onChange(heard: (topic: string, epoch: number) => void): void {
    this.deps.inner.onChange(heard);
  }

  epochOf(topic: string): number {
    return this.deps.inner.epochOf(topic);
  }

  observe(topic: string, epoch: number): void {
    this.deps.inner.observe(topic, epoch);
  }

  announce(): Promise<void> {
    return this.deps.inner.announce();
  }

  async start(): Promise<void> {
    await this.deps.inner.start();
    await this.confirm();
  }

  stop(): Promise<void> {
    return this.deps.inner.stop();
  }
}
