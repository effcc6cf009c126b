import { afterAll, afterEach, beforeEach, describe } from '@jest/globals';
import { MIGRATIONS } from '#clients/migrations.js';
import { findPostgresBinaries } from '#devkit/postgres/private-cluster.js';
import type { DatabaseSettings } from '#utilities/config/contract.js';
import { openDatabase, type OpenDatabase } from '#utilities/database/open.database.js';
import { createPostgresDatabase, embeddedTemplate } from './database-templates.js';
import { SilentLogger } from './silent.logger.js';

export interface TestDatabase {
  readonly database: OpenDatabase;
  readonly settings: DatabaseSettings;
  readonly logger: SilentLogger;
  /** PostgreSQL only: one more process, as it were, on the same database. */
  reopen(): Promise<OpenDatabase>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Default: migrated. */
  readonly content?: 'migrated' | 'empty';
}

/** Opens a database of its own. It is closed after the test that opened it, or after the last one if a `beforeAll` did. */
export type Opener = (options?: OpenOptions) => Promise<TestDatabase>;

/**
 * Runs `body` on the embedded engine and on PostgreSQL: the server of DATABASE_URL, else one made from installed binaries.
 * Without either, the second half is skipped.
 */
export function describeOnEachDatabase(name: string, body: (open: Opener) => void): void {
  describe(`${name} (embedded)`, () => body(closingOpener(openEmbedded)));
  describeOnPostgres(name, body);
}

/** For what only several connections or processes can show. */
export function describeOnPostgres(name: string, body: (open: Opener) => void): void {
  const run = isPostgresAvailable() ? describe : describe.skip;
  run(`${name} (PostgreSQL)`, () => body(closingOpener(openPostgres)));
}

function isPostgresAvailable(): boolean {
  const known = process.env['COUNTERSIGN_TEST_POSTGRES'];
  if (known !== undefined) return known === 'available';
  return Boolean(process.env['DATABASE_URL']) || findPostgresBinaries() !== undefined;
}

/** For tests that stop the server, which must be one of their own. */
export function isPostgresInstalled(): boolean {
  return findPostgresBinaries() !== undefined;
}

function closingOpener(open: (options: OpenOptions) => Promise<TestDatabase>): Opener {
  const ofTest: TestDatabase[] = [];
  const ofAll: TestDatabase[] = [];
  let opened = ofAll;
  beforeEach(() => {
    opened = ofTest;
  });
  afterEach(async () => {
    opened = ofAll;
    await closeAll(ofTest);
  });
  afterAll(() => closeAll(ofAll));
  return async (options = {}) => {
    const list = opened;
    const database = await open(options);
    list.push(database);
    return database;
  };
}

async function closeAll(databases: TestDatabase[]): Promise<void> {
  await Promise.all(databases.splice(0).map((database) => database.close()));
}

async function openEmbedded({ content = 'migrated' }: OpenOptions): Promise<TestDatabase> {
  const settings: DatabaseSettings = { kind: 'embedded', directory: null };
  const logger = new SilentLogger();
  const template = content === 'migrated' ? { dataDirectory: await embeddedTemplate() } : {};
  const database = await openDatabase({
    settings,
    migrations: MIGRATIONS,
    logger,
    migrate: false,
    unsafeRole: 'step-down',
    ...template,
  });
  return {
    database,
    settings,
    logger,
    reopen: () => Promise.reject(new Error('the embedded engine takes one process')),
    close: () => database.close(),
  };
}

async function openPostgres({ content = 'migrated' }: OpenOptions): Promise<TestDatabase> {
  const { url, drop } = await createPostgresDatabase(content);
  const settings: DatabaseSettings = { kind: 'postgres', url, poolSize: 4 };
  const logger = new SilentLogger();
  const opened: OpenDatabase[] = [];
  const reopen = async (): Promise<OpenDatabase> => {
    const database = await openDatabase({
      settings,
      migrations: MIGRATIONS,
      logger,
      migrate: false,
      unsafeRole: 'step-down',
    });
    opened.push(database);
    return database;
  };
  const database = await reopen();
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((each) => each.close()));
    await drop();
  };
  return { database, settings, logger, reopen, close };
}
