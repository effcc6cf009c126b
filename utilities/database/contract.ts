/**
 * Hides which PostgreSQL answers (a server, or the embedded one), how connections are kept and how changes are announced.
 * Accessor stores may call; Managers may call `UnitOfWork` alone. No caller sees a driver object.
 */
export interface Database {
  readonly engine: 'postgres' | 'embedded';

  /**
   * Runs one statement and answers its rows; inside a unit of work, on that unit's connection.
   *
   * @throws CodedError `STORE_UNAVAILABLE` when the server cannot be reached or does not answer in time;
   *   every other database error as it is (a programming error).
   */
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;

  /** As `query`, through a named prepared statement: for statements that run per request. */
  prepared<Row extends object>(name: string, sql: string, parameters: readonly unknown[]): Promise<Row[]>;

  /**
   * Runs `work` in a unit of work, the caller's where there is one, whose statements may see and change rows of these tenants too;
   * row-level security hides all others from it. Ids are UUIDs as PostgreSQL writes them.
   */
  forTenants<Result>(tenantIds: readonly string[], work: () => Promise<Result>): Promise<Result>;

  /**
   * Calls `heard` with each payload announced on `channel`, from now on, and `resumed` whenever announcements may have been
   * missed (the listening connection was lost and is back). Answers a function that stops it.
   */
  listen(channel: string, heard: (payload: string) => void, resumed: () => void): Promise<() => Promise<void>>;

  /** Announces `payload` on `channel` to every process. Call it after the change is committed, never inside a unit of work. */
  announce(channel: string, payload: string): Promise<void>;

  close(): Promise<void>;
}

export interface UnitOfWork {
  /**
   * Runs `work` so that every statement of every accessor called within it commits together or not at all.
   * Units do not nest: an inner `run` joins the outer one.
   */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Tells whether the caller is inside a unit of work: what it reads there may never be committed, so it must not be kept. */
export interface UnitOfWorkProbe {
  isInsideUnit(): boolean;
}

/** Somebody who waits for an answer, and may stop waiting. */
export interface Waiter {
  readonly isGone: boolean;
  /** Calls `left` when it goes. Answers a function that forgets `left`. */
  onGone(left: () => void): () => void;
}

/** Tells for whom statements are run. Called by Clients, which know who waits. */
export interface Waiters {
  /**
   * Runs `work` for `waiter`. Once that is gone, no statement of the work starts, one under way is cancelled at the server, and its
   * unit of work is rolled back; each throws `REQUEST_DEADLINE_EXCEEDED`. A COMMIT is never cancelled.
   */
  runFor<Result>(waiter: Waiter, work: () => Result): Result;

  /** Whom the work under way is for; `undefined`: nobody in particular. */
  waiter(): Waiter | undefined;
}

export const WAITERS: unique symbol = Symbol('Waiters');
export const DATABASE: unique symbol = Symbol('Database');
export const UNIT_OF_WORK: unique symbol = Symbol('UnitOfWork');
