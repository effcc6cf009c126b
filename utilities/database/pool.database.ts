import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientBase, Pool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Database, UnitOfWork, UnitOfWorkProbe, Waiter, Waiters } from './contract.js';
import { asStoreFault, isConnectionFault } from './connection.fault.js';
import { UnitConnection } from './unit.connection.js';
import { connectFor, isGoneFault, runWaited } from './waited-statement.js';

export interface PoolDatabaseDeps {
  readonly engine: Database['engine'];
  readonly pool: Pool;
  readonly listen: Database['listen'];
  /** Whom connections act as; kept up to date by `actAs`. */
  readonly acting: ActingRole;
  /** Whether a statement of before may be found on the connection again; a pooler in between hands out others. */
  readonly keepsStatements: boolean;
  /** Ends what the pool does not own: listening connections, the embedded engine. */
  readonly dispose: () => Promise<void>;
}

/** `name` is set on each connection before its first statement; `undefined`: the role that is connected. */
export interface ActingRole {
  name: string | undefined;
}

/** Both engines through one pool of the `pg` driver. */
export class PoolDatabase implements Database, UnitOfWork, UnitOfWorkProbe, Waiters {
  readonly engine: Database['engine'];
  private readonly units = new AsyncLocalStorage<UnitConnection>();
  private readonly waiters = new AsyncLocalStorage<Waiter>();
  private openUnits = 0;
  private closing: Promise<void> | undefined;

  constructor(private readonly deps: PoolDatabaseDeps) {
    this.engine = deps.engine;
  }

  query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.send<Row>({ text: sql, values: [...parameters] });
  }

  prepared<Row extends object>(name: string, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    return this.send<Row>({ ...(this.deps.keepsStatements ? { name } : {}), text: sql, values: [...parameters] });
  }

  listen(channel: string, heard: (payload: string) => void, resumed: () => void): Promise<() => Promise<void>> {
    return this.deps.listen(channel, heard, resumed);
  }

  async announce(channel: string, payload: string): Promise<void> {
    if (this.currentUnit() !== undefined) throw new Error('announce was called inside a unit of work');
    await this.prepared('database_announce', 'select pg_notify($1, $2)', [channel, payload]);
  }

  forTenants<Result>(tenantIds: readonly string[], work: () => Promise<Result>): Promise<Result> {
    return this.run(async () => {
      await this.prepared('database_enter_tenants', 'select enter_tenants($1)', [tenantIds]);
      return work();
    });
  }

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const outer = this.currentUnit();
    return outer === undefined ? this.runUnit(work) : joinUnit(outer, work);
  }

  isInsideUnit(): boolean {
    return this.currentUnit() !== undefined;
  }

  runFor<Result>(waiter: Waiter, work: () => Result): Result {
    return this.waiters.run(waiter, work);
  }

  waiter(): Waiter | undefined {
    return this.waiters.getStore();
  }

  close(): Promise<void> {
    this.closing ??= this.deps.pool.end().finally(this.deps.dispose);
    return this.closing;
  }

  /** Asks on a connection which role to act as, and from then on is that role. Call it before anything else uses the pool. */
  async actAs(choose: (client: ClientBase) => Promise<string | undefined>): Promise<void> {
    try {
      const client = await this.deps.pool.connect();
      try {
        this.deps.acting.name = await choose(client);
      } finally {
        // Only connections that are made from now on act as the role.
        client.release(true);
      }
    } catch (error) {
      throw asStoreFault(error);
    }
  }

  /**
   * Runs `work`, which makes connections of its own that act as the role that is connected. On the embedded engine, which has one
   * session, no other statement can be under way meanwhile.
   */
  async asConnected<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.engine === 'postgres') return work();
    const client = await this.deps.pool.connect();
    try {
      await client.query('reset role');
      return await work();
    } finally {
      await becomeRole(client, this.deps.acting);
      client.release();
    }
  }

  private async send<Row extends object>(statement: QueryConfig): Promise<Row[]> {
    try {
      const unit = this.currentUnit();
      const result =
        unit === undefined
          ? await this.sendOnce<Row & QueryResultRow>(statement)
          : await unit.send<Row & QueryResultRow>(statement, this.waiter());
      return result.rows;
    } catch (error) {
      throw asStoreFault(error);
    }
  }

  private async sendOnce<Row extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<Row>> {
    const waiter = this.waiter();
    const client = await connectFor(waiter, this.deps.pool);
    try {
      const result =
        waiter === undefined
          ? await client.query<Row>(statement)
          : await runWaited(waiter, client, () => client.query<Row>(statement));
      client.release();
      return result;
    } catch (error) {
      // A connection whose statement failed is fine; one that itself failed, or was told to cancel, must not serve again.
      client.release(isConnectionFault(error) || isGoneFault(error));
      throw error;
    }
  }

  /** Looks the unit up only while one is open, so that requests do not pay for it. */
  private currentUnit(): UnitConnection | undefined {
    if (this.openUnits === 0) return undefined;
    const unit = this.units.getStore();
    return unit === undefined || unit.ended ? undefined : unit;
  }

  private async runUnit<Result>(work: () => Promise<Result>): Promise<Result> {
    const unit = await this.begin();
    this.openUnits += 1;
    let broken = true;
    try {
      const result = await this.units.run(unit, work);
      if (unit.failure !== undefined) throw unit.failure.error;
      await commit(unit);
      broken = false;
      return result;
    } catch (error) {
      // The embedded engine has one session, which would stay in the transaction if it was not ended.
      broken = isConnectionFault(error) || !(await rollback(unit)) || isGoneFault(error);
      throw asStoreFault(error);
    } finally {
      unit.ended = true;
      this.openUnits -= 1;
      unit.client.release(broken || unit.wasGivenUp);
    }
  }

  private async begin(): Promise<UnitConnection> {
    try {
      const client = await connectFor(this.waiter(), this.deps.pool);
      try {
        await client.query('begin');
        return new UnitConnection(client);
      } catch (error) {
        client.release(true);
        throw error;
      }
    } catch (error) {
      throw asStoreFault(error);
    }
  }
}

/** @throws whatever the driver throws; the connection must then not be used */
export async function becomeRole(client: ClientBase, { name }: ActingRole): Promise<void> {
  if (name !== undefined) await client.query(`set role ${name}`);
}

async function joinUnit<Result>(unit: UnitConnection, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    unit.failure ??= { error };
    throw error;
  }
}

async function commit(unit: UnitConnection): Promise<void> {
  const result = await unit.send({ text: 'commit' });
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.
  if (result.command === 'ROLLBACK') throw new Error('the unit of work was rolled back because one of its statements had failed');
}

/** Answers whether the connection is good for further use. */
async function rollback(unit: UnitConnection): Promise<boolean> {
  try {
    await unit.send({ text: 'rollback' });
    return true;
  } catch {
    return false;
  }
}
