import { randomBytes } from 'node:crypto';
import { asOwner } from './as-owner.js';
import type { TestDatabase } from './database.js';

let logins = 0;

export interface ServiceLogin {
  /** Of the same database, as a role that may log in and is what production's is: a member of the service's role, no more. */
  readonly url: string;
  drop(): Promise<void>;
}

/** Makes a login as docs/operating/database-roles.md has it. */
export async function createServiceLogin({ database, settings }: TestDatabase): Promise<ServiceLogin> {
  if (settings.kind !== 'postgres') throw new Error('roles that log in are of PostgreSQL');
  const name = `countersign_login_${process.pid}_${(logins += 1)}`;
  const password = randomBytes(12).toString('hex');
  await asOwner(
    database,
    `do $$ begin create role countersign_service nologin; exception when duplicate_object or unique_violation then null; end $$`,
  );
  await asOwner(database, `create role ${name} login password '${password}' in role countersign_service`);
  const url = new URL(settings.url);
  url.username = name;
  url.password = password;
  return {
    url: url.href,
    drop: async () => {
      await asOwner(database, `drop role ${name}`);
    },
  };
}
