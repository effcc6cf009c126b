/** A database of the bench's own: on the server that DATABASE_URL names, else on a private cluster from installed binaries. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { startPrivateCluster } from '#devkit/postgres/private-cluster.js';
import { readStat } from '../processes/cpu-time.js';

export interface BenchDatabase {
  readonly url: string;
  /** Root of the server's process tree; `null` when it runs elsewhere. */
  readonly serverPid: number | null;
  readonly description: string;
  close(): Promise<void>;
}

/** `undefined` when there is no PostgreSQL to run on. */
export async function openBenchDatabase(databaseUrl: string | undefined): Promise<BenchDatabase | undefined> {
  if (databaseUrl !== undefined && databaseUrl !== '') return createDatabase(databaseUrl, 'DATABASE_URL', async () => undefined);
  const cluster = await startPrivateCluster();
  if (cluster === undefined) return undefined;
  try {
    return await createDatabase(cluster.url, 'a private cluster', () => cluster.stop());
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** A new database, so that nothing that is there already is touched, and nothing stays. */
async function createDatabase(serverUrl: string, where: string, stopServer: () => Promise<void>): Promise<BenchDatabase> {
  const name = `countersign_bench_${randomUUID().replaceAll('-', '')}`;
  const { version, serverPid } = await onServer(serverUrl, async (client) => {
    await client.query(`CREATE DATABASE ${name}`);
    const { rows } = await client.query<{ pid: number; version: string }>(
      "SELECT pg_backend_pid() AS pid, current_setting('server_version') AS version",
    );
    return { version: rows[0]?.version ?? '?', serverPid: parentOfBackend(rows[0]?.pid) };
  });
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    serverPid,
    description: `PostgreSQL ${version}, ${where}`,
    close: async () => {
      await onServer(serverUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
      await stopServer();
    },
  };
}

async function onServer<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A process id means this machine's only if a server process of PostgreSQL has it here. */
function parentOfBackend(backendPid: number | undefined): number | null {
  const backend = backendPid === undefined ? undefined : readStat(backendPid);
  const server = backend === undefined ? undefined : readStat(backend.parent);
  return backend?.command === 'postgres' && server?.command === 'postgres' ? server.pid : null;
}
