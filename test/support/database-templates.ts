import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';
import { MIGRATIONS } from '#clients/migrations.js';
import { startPrivateCluster } from '#devkit/postgres/private-cluster.js';
import { applyMigrations } from '#utilities/database/migration.runner.js';
import { guardianPid, oncePerRun, RUN_NAME } from './run-folder.js';

const TEMPLATE = `${RUN_NAME}_template`;
let databases = 0;

/** A migrated embedded data directory, which is faster to load than to make. */
export async function embeddedTemplate(): Promise<Blob> {
  const file = await oncePerRun('embedded.tar', async () => {
    const engine = await PGlite.create('memory://', { postgresqlconf: ['shared_buffers=16MB', 'max_connections=5'] });
    await applyMigrations({ extra: createPgConfig(engine) }, MIGRATIONS);
    const dump = await engine.dumpDataDir('none');
    await engine.close();
    return new Uint8Array(await dump.arrayBuffer());
  });
  return new Blob([readFileSync(file)]);
}

/** The URL of a superuser on the server of this run: `DATABASE_URL`, else a private one. */
async function postgresUrl(): Promise<string> {
  const file = await oncePerRun('postgres', async () => {
    const given = process.env['DATABASE_URL'];
    if (given !== undefined && given !== '') return JSON.stringify({ url: given });
    const cluster = await startPrivateCluster({ guardianPid: guardianPid() });
    if (cluster === undefined) throw new Error('no PostgreSQL is installed');
    return JSON.stringify({ url: cluster.url, supervisorPid: cluster.supervisorPid });
  });
  const server = JSON.parse(readFileSync(file, 'utf8')) as { readonly url: string };
  return server.url;
}

/** A new database of its own, migrated or empty; answers its URL and how to drop it. */
export async function createPostgresDatabase(content: 'migrated' | 'empty'): Promise<{ url: string; drop: () => Promise<void> }> {
  const admin = await postgresUrl();
  if (content === 'migrated') await postgresTemplate(admin);
  const name = `${RUN_NAME}_${process.pid}_${(databases += 1)}`;
  await administer(admin, `create database ${name} template ${content === 'migrated' ? TEMPLATE : 'template0'}`);
  return { url: databaseUrl(admin, name), drop: () => administer(admin, `drop database if exists ${name} with (force)`) };
}

async function postgresTemplate(admin: string): Promise<void> {
  await oncePerRun('postgres-template', async () => {
    await administer(admin, `create database ${TEMPLATE} template template0`);
    await applyMigrations({ url: databaseUrl(admin, TEMPLATE) }, MIGRATIONS);
    return TEMPLATE;
  });
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function databaseUrl(admin: string, name: string): string {
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.href;
}
