/**
 * Hides a PostgreSQL database that is not ours: it is asked, and never written to.
 */
export interface ForeignDatabase {
  /**
   * The rows of one statement in a read-only transaction of its own. `bigint` and `numeric` come as text where a number would not
   * be exact. Rejects at once when `signal` fires; the server ends the statement at its own limit.
   *
   * @throws Error when it cannot be asked, does not answer in time, or answers more than 1,000 rows
   */
  select(sql: string, parameters: readonly unknown[], signal: AbortSignal): Promise<readonly Readonly<Record<string, unknown>>[]>;

  close(): Promise<void>;
}
