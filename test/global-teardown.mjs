// Takes away what the run left on a PostgreSQL that is not its own, stops the one that is, and removes the shared folder.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export default async function teardown() {
  const folder = process.env.COUNTERSIGN_TEST_RUN;
  if (folder === undefined) return;
  const file = join(folder, 'postgres');
  if (existsSync(file)) {
    const server = JSON.parse(readFileSync(file, 'utf8'));
    if (server.supervisorPid === undefined) await dropDatabases(server.url, basename(folder));
    else await stopServer(server.supervisorPid);
  }
  rmSync(folder, { recursive: true, force: true });
}

async function dropDatabases(url, run) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const prefix = run.replaceAll('-', '_').toLowerCase();
  const { rows } = await client.query('select datname from pg_database where starts_with(datname, $1)', [prefix]);
  for (const { datname } of rows) await client.query(`drop database if exists ${client.escapeIdentifier(datname)} with (force)`);
  await client.end();
}

async function stopServer(pid) {
  try {
    process.kill(pid, 'SIGTERM');
    while (process.kill(pid, 0)) await delay(20);
  } catch {
    // It is gone.
  }
}
