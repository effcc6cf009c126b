import type { Database, UnitOfWork } from '#utilities/database/contract.js';

/**
 * Runs a statement as whoever the tests are connected as, the owner of everything: to look behind row-level security, and to
 * prepare or break what the service may not. Not within a unit of work, which would go on as the owner.
 */
export function asOwner<Row extends object>(
  database: Database & UnitOfWork,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  return database.run(async () => {
    await database.query('set local role none');
    return database.query<Row>(sql, parameters);
  });
}
