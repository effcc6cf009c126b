import pg from 'pg';
import type { ClientConfig } from 'pg';
import type { Logger } from '#utilities/logging/contract.js';
import { asStoreFault } from './connection.fault.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;
/** A peer that vanished without a word is noticed within this and the query time-out. */
const PING_MS = 15_000;
const PING_TIMEOUT_MS = 5_000;

export interface PostgresListenerDeps {
  readonly connection: ClientConfig;
  readonly channel: string;
  readonly heard: (payload: string) => void;
  readonly resumed: () => void;
  readonly logger: Logger;
}

/** One connection of its own that listens on one channel and comes back whenever it is lost. */
export class PostgresListener {
  private client: pg.Client | undefined;
  private stopped = false;
  private retryMs = FIRST_RETRY_MS;
  private timer: NodeJS.Timeout | undefined;
  private readonly ping: NodeJS.Timeout;

  constructor(private readonly deps: PostgresListenerDeps) {
    this.ping = setInterval(() => void this.checkConnection(), PING_MS).unref();
  }

  /** @throws CodedError `STORE_UNAVAILABLE` when the first connection cannot be made; later ones are retried for ever. */
  async start(): Promise<void> {
    try {
      await this.connect();
    } catch (error) {
      await this.stop();
      throw asStoreFault(error);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.ping);
    clearTimeout(this.timer);
    const client = this.client;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({ ...this.deps.connection, query_timeout: PING_TIMEOUT_MS });
    client.on('notification', (message) => this.deps.heard(message.payload ?? ''));
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    this.client = client;
    await client.connect();
    await client.query(`listen ${client.escapeIdentifier(this.deps.channel)}`);
    if (this.stopped) await client.end();
    this.retryMs = FIRST_RETRY_MS;
  }

  private lost(client: pg.Client): void {
    if (this.stopped || this.client !== client) return;
    this.client = undefined;
    this.deps.logger.warn('database.listener_lost', { retryMs: this.retryMs });
    client.end().catch(() => undefined);
    this.retryLater();
  }

  private retryLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.reconnect(), this.retryMs).unref();
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
  }

  private async reconnect(): Promise<void> {
    try {
      await this.connect();
    } catch {
      const client = this.client;
      this.client = undefined;
      client?.end().catch(() => undefined);
      if (!this.stopped) this.retryLater();
      return;
    }
    if (this.stopped) return;
    this.deps.logger.info('database.listener_resumed');
    this.deps.resumed();
  }

  private async checkConnection(): Promise<void> {
    const client = this.client;
    if (client === undefined) return;
    try {
      await client.query('select 1');
    } catch {
      this.lost(client);
    }
  }
}
