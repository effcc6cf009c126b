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
  return underLock(target, migrations, async (executor) => {
    const done = await executor.executePendingMigrations();
    return done.map((migration) => migration.name);
  });
}

/** Takes back every migration, newest first. For tests: it drops all data. */
export function revertMigrations(target: MigrationTarget, migrations: readonly MigrationClass[]): Promise<void> {
  return underLock(target, migrations, async (executor) => {
    const applied = await executor.getExecutedMigrations();
    for (let left = applied.length; left > 0; left -= 1) await executor.undoLastMigration();
  });
}

/** The lock belongs to the transaction, so it is released however this ends, also behind a connection pooler. */
async function underLock<Result>(
  target: MigrationTarget,
  migrations: readonly MigrationClass[],
  work: (executor: MigrationExecutor) => Promise<Result>,
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
      return work(new typeorm.MigrationExecutor(source, runner));
    });
  } finally {
    await runner.release();
    await source.destroy();
  }
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
