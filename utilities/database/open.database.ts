import { CodedError } from '#utilities/errors/coded-error.js';
import type { DatabaseSettings } from '#utilities/config/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Database, UnitOfWork, UnitOfWorkProbe, Waiters } from './contract.js';
import { asStoreFault } from './connection.fault.js';
import { openEmbedded, openPostgres, type OpenedEngine } from './database.engines.js';
import { roleToActAs, type UnsafeRole } from './database.role.js';
import { applyMigrations, MIGRATION_TABLE, revertMigrations, type MigrationClass } from './migration.runner.js';

export interface OpenDatabaseOptions {
  readonly settings: DatabaseSettings;
  readonly migrations: readonly MigrationClass[];
  readonly logger: Logger;
  /** Whether to run pending migrations at once. Otherwise ask `refuseIfOutdated` before serving. */
  readonly migrate: boolean;
  /**
   * What to do where the role that is connected is a superuser or has BYPASSRLS: refuse to open, act as the role that a migration
   * made for the service, or stay what it is, which only migrations need. Default: refuse.
   */
  readonly unsafeRole?: UnsafeRole;
  /** For the embedded engine: a dumped data directory to start from. */
  readonly dataDirectory?: Blob;
}

/** What the composition root gets; every other room sees `Database` or `UnitOfWork` alone. */
export interface OpenDatabase extends Database, UnitOfWork, UnitOfWorkProbe, Waiters {
  /** Names of the migrations of this version that the database has not seen. */
  pendingMigrations(): Promise<readonly string[]>;
  /** Runs them, all or nothing; processes that migrate at the same time wait for one another. Answers the names. */
  migrate(): Promise<readonly string[]>;
  /** Takes every migration back: drops all data. For tests. */
  revertMigrations(): Promise<void>;
  /** @throws CodedError `SCHEMA_OUTDATED` */
  refuseIfOutdated(): Promise<void>;
}

/**
 * Opens the database that the settings name.
 *
 * @throws CodedError `STORE_UNAVAILABLE`, `DATA_DIRECTORY_LOCKED`, `DATABASE_ROLE_UNSAFE`
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  const { settings, logger, migrations } = options;
  const opened =
    settings.kind === 'postgres' ? openPostgres(settings, logger) : await openEmbedded(settings, logger, options.dataDirectory);
  const database = withMigrations(opened, migrations);
  try {
    if (options.migrate) await database.migrate();
    // An unreachable database fails here, at boot, rather than with the first caller.
    await opened.database.actAs((client) => roleToActAs(client, options.unsafeRole ?? 'refuse'));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function withMigrations({ database, migrationTarget }: OpenedEngine, migrations: readonly MigrationClass[]): OpenDatabase {
  const asConnected = <Result>(work: () => Promise<Result>): Promise<Result> =>
    database.asConnected(work).catch((error: unknown) => {
      throw asStoreFault(error);
    });
  const pendingMigrations = async (): Promise<readonly string[]> => {
    const names = migrations.map(nameOf);
    // A role that may not read it was granted nothing yet, which is what a migration does.
    const [table] = await database.query<{ there: boolean }>(
      `select coalesce(has_table_privilege(to_regclass($1), 'select'), false) as there`,
      [MIGRATION_TABLE],
    );
    if (table?.there !== true) return names;
    const rows = await database.query<{ name: string }>(`select name from ${MIGRATION_TABLE}`);
    const done = new Set(rows.map((row) => row.name));
    return names.filter((name) => !done.has(name));
  };
  return {
    engine: database.engine,
    query: (sql, parameters) => database.query(sql, parameters),
    runFor: (waiter, work) => database.runFor(waiter, work),
    waiter: () => database.waiter(),
    prepared: (name, sql, parameters) => database.prepared(name, sql, parameters),
    forTenants: (tenantIds, work) => database.forTenants(tenantIds, work),
    listen: (channel, heard, resumed) => database.listen(channel, heard, resumed),
    announce: (channel, payload) => database.announce(channel, payload),
    run: (work) => database.run(work),
    isInsideUnit: () => database.isInsideUnit(),
    close: () => database.close(),
    pendingMigrations,
    migrate: () => asConnected(() => applyMigrations(migrationTarget(), migrations)),
    revertMigrations: () => asConnected(() => revertMigrations(migrationTarget(), migrations)),
    refuseIfOutdated: async () => {
      const pending = await pendingMigrations();
      if (pending.length > 0) throw new CodedError('SCHEMA_OUTDATED', { actual: `not applied: ${pending.join(', ')}` });
    },
  };
}

function nameOf(migration: MigrationClass): string {
  return new migration().name ?? migration.name;
}
