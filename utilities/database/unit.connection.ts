import type { PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Waiter } from './contract.js';
import { isGoneFault, runWaited } from './waited-statement.js';

/** The one connection of a unit of work: runs its statements one after the other and remembers whether it may be committed. */
export class UnitConnection {
  /** Set once the unit is over: work that was not awaited must not reach the connection, which serves others by then. */
  ended = false;
  /** The first failure of a joined inner unit; the outer one must not commit past it. */
  failure: { readonly error: unknown } | undefined;
  /** A cancel may be on its way to it still: whatever becomes of the unit, the connection must not serve anybody else. */
  wasGivenUp = false;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(readonly client: PoolClient) {}

  /** @param waiter for whom; left out, it runs to its end */
  send<Row extends QueryResultRow>(statement: QueryConfig, waiter?: Waiter): Promise<QueryResult<Row>> {
    const run = (): Promise<QueryResult<Row>> => this.client.query<Row>(statement);
    const result = this.tail.then(() => (waiter === undefined ? run() : runWaited(waiter, this.client, run)));
    this.tail = result.catch((error: unknown) => {
      if (isGoneFault(error)) this.wasGivenUp = true;
    });
    return result;
  }
}
