import pg from 'pg';

/**
 * Time of a database that moves only when told to, for production code as it is: `now()` of this database is a function of its
 * own, which the search path puts before the one of PostgreSQL. Set it up before the migrations, whose defaults bind to it.
 */
export class SimulatedTime {
  private constructor(private readonly client: pg.Client) {}

  static async install(url: string, startsAt: number): Promise<SimulatedTime> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const name = client.escapeIdentifier(new URL(url).pathname.slice(1));
    await client.query(`
      create unlogged table simulated_time (at timestamptz not null);
      insert into simulated_time values (to_timestamp(0));
      create function public.now() returns timestamptz language sql stable as 'select at from public.simulated_time';
      create function public.clock_timestamp() returns timestamptz language sql volatile as 'select at from public.simulated_time';
      create function public.statement_timestamp() returns timestamptz language sql stable as 'select at from public.simulated_time';
      create function public.transaction_timestamp() returns timestamptz language sql stable as 'select at from public.simulated_time';
      alter database ${name} set search_path = public, pg_catalog;
      set search_path = public, pg_catalog;
    `);
    const time = new SimulatedTime(client);
    await time.set(startsAt);
    return time;
  }

  /** @param at Unix milliseconds */
  async set(at: number): Promise<void> {
    await this.client.query('update simulated_time set at = to_timestamp($1::float8 / 1000)', [at]);
  }

  /** A connection of its own for looking at tables. */
  get connection(): pg.Client {
    return this.client;
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
