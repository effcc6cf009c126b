import pg from 'pg';

/** Looks at the keyring in the database as often as it can, and counts what must never be seen. */
export class RingObserver {
  observations = 0;
  readonly violations: string[] = [];
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  private constructor(private readonly client: pg.Client) {}

  static async start(url: string): Promise<RingObserver> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const observer = new RingObserver(client);
    observer.running = observer.run();
    return observer;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await this.client.end();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const { rows } = await this.client.query<{ active: number; next: number }>(
        `select count(*) filter (where state = 'active')::int as active,
           count(*) filter (where state in ('pending', 'published'))::int as next from signing_key`,
      );
      this.observations += 1;
      const { active = -1, next = -1 } = rows[0] ?? {};
      if (active !== 1) this.violations.push(`${String(active)} active keys`);
      if (next > 1) this.violations.push(`${String(next)} next keys`);
    }
  }
}
