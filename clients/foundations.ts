import { MemoryEpochCaches } from '#utilities/change-feed/memory.epoch-caches.js';
import { PostgresChangeFeed } from '#utilities/change-feed/postgres.change-feed.js';
import type { Clock } from '#utilities/clock/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { Settings } from '#utilities/config/contract.js';
import type { UnsafeRole } from '#utilities/database/database.role.js';
import { openDatabase } from '#utilities/database/open.database.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { PinoLogger } from '#utilities/logging/pino.logger.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { closeFactSources, openFactSources } from './fact-sources.js';
import { MIGRATIONS } from './migrations.js';
import type { Foundations } from './plugins.module.js';

export interface FoundationOptions {
  /** Whether to bring the schema to this version; if not, an older schema is refused. */
  readonly migrate: boolean;
  /** Instead of the clock of the machine. */
  readonly clock?: Clock;
  /** Where row-level security does not bind the role of the database: left out, it is refused. */
  readonly unsafeRole?: UnsafeRole;
  /** For an embedded database that is kept in memory: a dump to start from, which is quicker than making one. */
  readonly dataDirectory?: Blob;
}

export interface OpenFoundations extends Foundations {
  close(): Promise<void>;
}

/**
 * Opens what everything stands on: log, database, change feed, fact sources.
 *
 * @throws CodedError `CONFIG_INVALID`, `SCHEMA_OUTDATED`, `STORE_UNAVAILABLE`, `DATA_DIRECTORY_LOCKED`, `DATABASE_ROLE_UNSAFE`
 */
export async function openFoundations(settings: Settings, options: FoundationOptions): Promise<OpenFoundations> {
  const { migrate, clock = new SystemClock(), unsafeRole = 'refuse', dataDirectory } = options;
  const logger = new PinoLogger({ level: settings.log.level, clock });
  const factSources = await openFactSources(settings.factSources);
  const database = await openDatabase({
    settings: settings.database,
    migrations: MIGRATIONS,
    logger,
    migrate,
    unsafeRole,
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
  // When the database was last heard is a matter of the machine's own clock, whatever clock the service is given.
  const changeFeed = new PostgresChangeFeed({ database, clock: new SystemClock(), logger });
  try {
    if (!migrate) await database.refuseIfOutdated();
    await changeFeed.start();
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    settings,
    clock,
    ids: new CryptoIdSource({ clock }),
    logger,
    counters: new MemoryCounters(),
    database,
    unitOfWork: database,
    waiters: database,
    changeFeed,
    epochCaches: new MemoryEpochCaches({ changeFeed, units: database, waiters: database }),
    factSources,
    close: async () => {
      await changeFeed.stop();
      await closeFactSources(factSources);
      await database.close();
    },
  };
}
