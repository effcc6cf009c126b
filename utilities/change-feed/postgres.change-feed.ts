import type { Clock } from '#utilities/clock/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { ChangeFeed } from './contract.js';

export interface PostgresChangeFeedDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollIntervalMs?: number;
}

export const CHANNEL = 'countersign_changes';

/** What nobody announced is known within 30 s: this, and the time that the answer takes. */
const POLL_INTERVAL_MS = 25_000;
/** Topics in one announcement: 100 of at most 53 characters stay below the 8000 bytes that NOTIFY carries. */
const TOPICS_PER_ANNOUNCEMENT = 100;
const ANNOUNCEMENT = /^([0-9a-f-]{36}):([1-9][0-9]{0,14})$/;

/** For whoever reads the log. */
const POLL_NEXT =
  'asked again by itself; if it goes on, look whether PostgreSQL answers this process: after 5 min without an answer it issues nothing';

/** Hears what other processes announce on a channel of the database, and reads all epochs now and then for what nobody announced. */
export class PostgresChangeFeed implements ChangeFeed {
  private readonly known = new Map<string, number>();
  /** The newest epochs that every process has been told: what `announce` need not say again. */
  private readonly announced = new Map<string, number>();
  private readonly listeners: ((topic: string, epoch: number) => void)[] = [];
  private confirmedAt = Number.NEGATIVE_INFINITY;
  private polling: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => Promise<void>) | undefined;

  constructor(private readonly deps: PostgresChangeFeedDeps) {}

  onChange(heard: (topic: string, epoch: number) => void): void {
    this.listeners.push(heard);
  }

  epochOf(topic: string): number {
    return this.known.get(topic) ?? 0;
  }

  observe(topic: string, epoch: number): void {
    if (epoch <= this.epochOf(topic)) return;
    this.known.set(topic, epoch);
    for (const heard of this.listeners) heard(topic, epoch);
  }

  confirmedAge(): number {
    return this.deps.clock.monotonic() - this.confirmedAt;
  }

  async announce(): Promise<void> {
    const changed = (await this.readEpochs()).filter(([topic, epoch]) => epoch > (this.announced.get(topic) ?? 0));
    for (let start = 0; start < changed.length; start += TOPICS_PER_ANNOUNCEMENT) {
      const some = changed.slice(start, start + TOPICS_PER_ANNOUNCEMENT);
      await this.deps.database.announce(CHANNEL, some.map(([topic, epoch]) => `${topic}:${epoch}`).join(' '));
      for (const [topic, epoch] of some) this.noteAnnounced(topic, epoch);
    }
  }

  async start(): Promise<void> {
    // Listening comes first: what changes between the two is then heard twice rather than never.
    this.stopListening = await this.deps.database.listen(
      CHANNEL,
      (payload) => this.hear(payload),
      () => void this.pollAgain(),
    );
    await this.poll();
    for (const [topic, epoch] of this.known) this.announced.set(topic, epoch);
    this.timer = setInterval(() => void this.pollQuietly(), this.deps.pollIntervalMs ?? POLL_INTERVAL_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.stopListening?.();
    await this.polling?.catch(() => undefined);
  }

  private hear(payload: string): void {
    for (const part of payload.split(' ')) {
      const match = ANNOUNCEMENT.exec(part);
      if (match?.[1] !== undefined) this.noteAnnounced(match[1], Number(match[2]));
    }
  }

  private noteAnnounced(topic: string, epoch: number): void {
    if (epoch > (this.announced.get(topic) ?? 0)) this.announced.set(topic, epoch);
    this.observe(topic, epoch);
  }

  private poll(): Promise<void> {
    this.polling ??= this.confirmEpochs().finally(() => {
      this.polling = undefined;
    });
    return this.polling;
  }

  private async confirmEpochs(): Promise<void> {
    const askedAt = this.deps.clock.monotonic();
    for (const [topic, epoch] of await this.readEpochs()) this.observe(topic, epoch);
    this.confirmedAt = askedAt;
  }

  /** A poll that is under way may have read before the change that was missed. */
  private async pollAgain(): Promise<void> {
    await this.polling?.catch(() => undefined);
    await this.pollQuietly();
  }

  private async pollQuietly(): Promise<void> {
    try {
      await this.poll();
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      this.deps.logger.warn('change_feed.poll_failed', { reason, next: POLL_NEXT });
    }
  }

  private async readEpochs(): Promise<[string, number][]> {
    const rows = await this.deps.database.prepared<{ tenant_id: string; epoch: string }>(
      'change_feed_epochs',
      'select tenant_id, epoch from data_epoch',
      [],
    );
    return rows.map((row) => [row.tenant_id, Number(row.epoch)]);
  }
}
