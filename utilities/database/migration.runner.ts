import type { Logger, MigrationExecutor, MigrationInterface, QueryRunner } from 'typeorm';

/** A migration, listed as a class; its `name` ends in the 13 digits that order it. */
export type MigrationClass = new () => MigrationInterface;

export const MIGRATION_TABLE = 'schema_migration';

/** Any fixed number: processes that migrate at the same time wait for one another on it. */
const LOCK_NUMBER = 7_232_001_001;

/** TypeORM writes to the console by itself; what went wrong is in the error that is thrown. */
const SILENT: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

export interface MigrationTarget {
  readonly url?: string;
  /** Options of the `pg` driver: the embedded engine's connection. */
  readonly extra?: object;
}

/**
 * Runs what has not run yet, all of it or nothing, one process at a time. Answers the names of what was run.
 */
export function applyMigrations(target: MigrationTarget, migrations: readonly MigrationClass[]): Promise<string[]> {
  return underLock(target, migrations, async (executor, runner) => {
    const pending = await executor.getPendingMigrations();
    if (pending.length > 0) await callIfThere(runner, 'bind_owner(boolean)', 'bind_owner(false)');
    const done = await executor.executePendingMigrations();
    if (pending.length > 0) await callIfThere(runner, 'bind_owner(boolean)', 'bind_owner(true)');
    await callIfThere(runner, 'grant_service_role()', 'grant_service_role()');
    return done.map((migration) => migration.name);
  });
}

/** Takes back every migration, newest first. For tests: it drops all data. */
export function revertMigrations(target: MigrationTarget, migrations: readonly MigrationClass[]): Promise<void> {
  return underLock(target, migrations, async (executor, runner) => {
    await callIfThere(runner, 'bind_owner(boolean)', 'bind_owner(false)');
    const applied = await executor.getExecutedMigrations();
    for (let left = applied.length; left > 0; left -= 1) await executor.undoLastMigration();
  });
}

/** The lock belongs to the transaction, so it is released however this ends, also behind a connection pooler. */
async function underLock<Result>(
  target: MigrationTarget,
  migrations: readonly MigrationClass[],
  work: (executor: MigrationExecutor, runner: QueryRunner) => Promise<Result>,
): Promise<Result> {
  const typeorm = await import('typeorm');
  const source = new typeorm.DataSource({
    type: 'postgres',
    migrations: [...migrations],
    migrationsTableName: MIGRATION_TABLE,
    installExtensions: false,
    logger: SILENT,
    poolSize: 1,
    ...target,
  });
  await source.initialize();
  const runner = source.createQueryRunner();
  try {
    return await inTransaction(runner, async () => {
      await runner.query('select pg_advisory_xact_lock($1)', [LOCK_NUMBER]);
      return work(new typeorm.MigrationExecutor(source, runner), runner);
    });
  } finally {
    await runner.release();
    await source.destroy();
  }
}

/** The functions come with a migration, so a database may not have them yet, or not any more. */
async function callIfThere(runner: QueryRunner, signature: string, call: string): Promise<void> {
  const found: unknown = await runner.query('select where to_regprocedure($1) is not null', [signature]);
  if (Array.isArray(found) && found.length > 0) await runner.query(`select ${call}`);
}

async function inTransaction<Result>(runner: QueryRunner, work: () => Promise<Result>): Promise<Result> {
  await runner.startTransaction();
  try {
    const result = await work();
    await runner.commitTransaction();
    return result;
  } catch (error) {
    // The first error is the one that says why; a lost connection has rolled back by itself.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}
