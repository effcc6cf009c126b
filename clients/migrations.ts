import { ChangeFeed1790000001000 } from '#utilities/change-feed/migrations/1790000001000-change-feed.migration.js';
import type { MigrationClass } from '#utilities/database/migration.runner.js';

/** Every migration of every room, oldest first. A migration that is not listed here does not exist. */
export const MIGRATIONS: readonly MigrationClass[] = [ChangeFeed1790000001000];
