import type { PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';

/** The one connection of a unit of work: runs its statements one after the other and remembers whether it may be committed. */
export class UnitConnection {
  /** Set once the unit is over: work that was not awaited must not reach the connection, which serves others by then. */
  ended = false;
  /** The first failure of a joined inner unit; the outer one must not commit past it. */
  failure: { readonly error: unknown } | undefined;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(readonly client: PoolClient) {}

  send<Row extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<Row>> {
    const result = this.tail.then(() => this.client.query<Row>(statement));
    this.tail = result.catch(() => undefined);
    return result;
  }
}
