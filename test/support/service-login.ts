import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DatabaseSettings } from '#utilities/config/contract.js';

let logins = 0;

export interface ServiceLogin {
  /** Of the same database, as a role that may log in and is what production's is: a member of the service's role, no more. */
  readonly url: string;
  /** Once nobody is connected as it; the database may be gone by then. */
  drop(): Promise<void>;
}

/** Makes a login as docs/operating/database-roles.md has it. */
export async function createServiceLogin(settings: DatabaseSettings): Promise<ServiceLogin> {
  if (settings.kind !== 'postgres') throw new Error('roles that log in are of PostgreSQL');
  const name = `countersign_login_${process.pid}_${(logins += 1)}`;
  const password = randomBytes(12).toString('hex');
  const server = new URL(settings.url);
  server.pathname = '/postgres';
  await administer(
    server,
    `do $$ begin create role countersign_service nologin; exception when duplicate_object or unique_violation then null; end $$`,
  );
  await administer(server, `create role ${name} login password '${password}' in role countersign_service`);
  const url = new URL(settings.url);
  url.username = name;
  url.password = password;
  return { url: url.href, drop: () => administer(server, `drop role ${name}`) };
}

/** Roles are the server's, not a database's. */
async function administer(server: URL, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
