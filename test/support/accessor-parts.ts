import { MemoryEpochCaches } from '#utilities/change-feed/memory.epoch-caches.js';
import { PostgresChangeFeed } from '#utilities/change-feed/postgres.change-feed.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { CountingDatabase } from './counting.database.js';
import { SilentLogger } from './silent.logger.js';

export const CONTEXT: CallContext = { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'cli' };

/** What accessors are made from, as one process would have it. Stop the feed before the database is closed. */
export interface AccessorParts {
  readonly database: CountingDatabase;
  readonly unitOfWork: OpenDatabase;
  readonly changeFeed: PostgresChangeFeed;
  readonly caches: MemoryEpochCaches;
  readonly clock: Clock;
  readonly ids: CryptoIdSource;
}

export async function accessorParts(opened: OpenDatabase, clock: Clock = new SystemClock()): Promise<AccessorParts> {
  const database = new CountingDatabase(opened);
  const changeFeed = new PostgresChangeFeed({ database, clock, logger: new SilentLogger() });
  await changeFeed.start();
  const caches = new MemoryEpochCaches({ changeFeed, units: opened });
  return { database, unitOfWork: opened, changeFeed, caches, clock, ids: new CryptoIdSource({ clock }) };
}
