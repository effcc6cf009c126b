import type { Database } from '#utilities/database/contract.js';

/** Counts the statements that pass through to a real database. */
export class CountingDatabase implements Database {
  readonly engine: Database['engine'];
  statements = 0;

  constructor(private readonly inner: Database) {
    this.engine = inner.engine;
  }

  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]> {
    this.statements += 1;
    return this.inner.query<Row>(sql, parameters);
  }

  prepared<Row extends object>(name: string, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    this.statements += 1;
    return this.inner.prepared<Row>(name, sql, parameters);
  }

  forTenants<Result>(tenantIds: readonly string[], work: () => Promise<Result>): Promise<Result> {
    this.statements += 1;
    return this.inner.forTenants(tenantIds, work);
  }

  listen(channel: string, heard: (payload: string) => void, resumed: () => void): Promise<() => Promise<void>> {
    return this.inner.listen(channel, heard, resumed);
  }

  announce(channel: string, payload: string): Promise<void> {
    return this.inner.announce(channel, payload);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
