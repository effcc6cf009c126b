import pg from 'pg';
import type { ClientConfig, PoolConfig } from 'pg';
import type { Logger } from '#utilities/logging/contract.js';
import type { DatabaseSettings } from '#utilities/config/contract.js';
import { lockDataDirectory } from './data-directory.lock.js';
import type { MigrationTarget } from './migration.runner.js';
import { PoolDatabase } from './pool.database.js';
import { PostgresListener } from './postgres.listener.js';

const CONNECTION_TIMEOUT_MS = 3_000;
/** One connection serves the embedded engine, so a caller waits for a whole import. */
const EMBEDDED_WAIT_MS = 30_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** Above the server's own limit: what ends a statement when the network swallows packets. */
const QUERY_TIMEOUT_MS = 12_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;

export interface OpenedEngine {
  readonly database: PoolDatabase;
  readonly migrationTarget: () => MigrationTarget;
}

export function openPostgres(settings: Extract<DatabaseSettings, { kind: 'postgres' }>, logger: Logger): OpenedEngine {
  const connection: ClientConfig = {
    connectionString: settings.url,
    application_name: 'countersign',
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  };
  const listeners = new Set<PostgresListener>();
  const database = new PoolDatabase({
    engine: 'postgres',
    pool: createPool({ ...connection, query_timeout: QUERY_TIMEOUT_MS, max: settings.poolSize }, logger),
    listen: async (channel, heard, resumed) => {
      const listener = new PostgresListener({ connection, channel, heard, resumed, logger });
      listeners.add(listener);
      await listener.start();
      return () => {
        listeners.delete(listener);
        return listener.stop();
      };
    },
    dispose: async () => {
      await Promise.all([...listeners].map((listener) => listener.stop()));
    },
  });
  return { database, migrationTarget: () => ({ url: settings.url }) };
}

/** @param dataDirectory a dump of a data directory to start from, where the directory is empty */
export async function openEmbedded(
  settings: Extract<DatabaseSettings, { kind: 'embedded' }>,
  logger: Logger,
  dataDirectory?: Blob,
): Promise<OpenedEngine> {
  const unlock = settings.directory === null ? () => undefined : lockDataDirectory(settings.directory);
  try {
    const { PGlite } = await import('@electric-sql/pglite');
    const { createPgConfig } = await import('@electric-sql/pglite/node-postgres');
    const engine = await PGlite.create({
      dataDir: settings.directory === null ? 'memory://' : `${settings.directory}/data`,
      postgresqlconf: ['shared_buffers=16MB', 'max_connections=5'],
      ...(dataDirectory === undefined ? {} : { loadDataDir: dataDirectory }),
    });
    const single: PoolConfig = { max: 1, idleTimeoutMillis: 0, connectionTimeoutMillis: EMBEDDED_WAIT_MS };
    const pool = createPool(Object.assign(single, createPgConfig(engine)), logger);
    const database = new PoolDatabase({
      engine: 'embedded',
      pool,
      // The engine has one session: within somebody else's transaction a LISTEN would share its fate.
      listen: async (channel, heard) => {
        const stop = await withConnection(pool, () => engine.listen(channel, heard));
        return async () => {
          if (!pool.ending) await withConnection(pool, () => stop());
        };
      },
      dispose: async () => {
        await engine.close();
        unlock();
      },
    });
    return { database, migrationTarget: () => ({ extra: createPgConfig(engine) }) };
  } catch (error) {
    unlock();
    throw error;
  }
}

function createPool(config: PoolConfig, logger: Logger): pg.Pool {
  const pool = new pg.Pool(config);
  // Without these a connection that dies while idle, or between two statements of a unit of work, would end the process.
  pool.on('error', (error) => logger.warn('database.idle_connection_lost', { reason: error.message }));
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

async function withConnection<Result>(pool: pg.Pool, work: () => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    return await work();
  } finally {
    client.release();
  }
}
