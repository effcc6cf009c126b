import pg from 'pg';
import type { ClientBase, ClientConfig, PoolConfig } from 'pg';
import type { Logger } from '#utilities/logging/contract.js';
import type { DatabaseSettings } from '#utilities/config/contract.js';
import { lockDataDirectory } from './data-directory.lock.js';
import type { MigrationTarget } from './migration.runner.js';
import { type ActingRole, becomeRole, PoolDatabase } from './pool.database.js';
import { PostgresListener } from './postgres.listener.js';

const CONNECTION_TIMEOUT_MS = 3_000;
/** One connection serves the embedded engine, so a caller waits for a whole import. */
const EMBEDDED_WAIT_MS = 30_000;
/** Above the server's own limit: what ends a statement when the network swallows packets. */
const QUERY_TIMEOUT_MS = 12_000;
/** Sent when a connection starts. */
const LIMITS = { statement_timeout: 10_000, idle_in_transaction_session_timeout: 30_000 };

export interface OpenedEngine {
  readonly database: PoolDatabase;
  readonly migrationTarget: () => MigrationTarget;
}

export function openPostgres(settings: Extract<DatabaseSettings, { kind: 'postgres' }>, logger: Logger): OpenedEngine {
  const { url, directUrl = url } = settings;
  const connection: ClientConfig = {
    application_name: 'countersign',
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
  const direct = { ...connection, ...LIMITS, connectionString: directUrl };
  // A pooler shares its connections among clients, so it takes no settings of one of them.
  const pooled = { ...connection, ...(url === directUrl ? LIMITS : {}), connectionString: url };
  const acting: ActingRole = { name: undefined };
  const listeners = new Set<PostgresListener>();
  const database = new PoolDatabase({
    engine: 'postgres',
    pool: createPool({ ...pooled, query_timeout: QUERY_TIMEOUT_MS, max: settings.poolSize }, acting, logger),
    acting,
    keepsStatements: url === directUrl,
    listen: async (channel, heard, resumed) => {
      const listener = new PostgresListener({ connection: direct, channel, heard, resumed, logger });
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
  return { database, migrationTarget: () => ({ url: directUrl }) };
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
    const acting: ActingRole = { name: undefined };
    const pool = createPool(Object.assign(single, createPgConfig(engine)), acting, logger);
    const database = new PoolDatabase({
      engine: 'embedded',
      pool,
      acting,
      keepsStatements: true,
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

function createPool(config: PoolConfig, acting: ActingRole, logger: Logger): pg.Pool {
  // SECURITY: awaited by the pool, which hands out no connection whose role could not be set.
  const onConnect = (client: ClientBase): Promise<void> => becomeRole(client, acting);
  const pool = new pg.Pool(Object.assign(config, { onConnect }));
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
