/** A database of its own with many tenants, subjects and assignments, made by the server itself, and the parts that read it. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { Client } from 'pg';
import { AppModule } from '#clients/app.module.js';
import { openFoundations, type OpenFoundations } from '#clients/foundations.js';
import { createKeyEncryptionKeyFile } from '#clients/operator-tools.js';
import { ADMINISTRATION_MANAGER, type AdministrationManager } from '#managers/administration/contract.js';
import { AUTHORIZATION_MANAGER, type AuthorizationManager } from '#managers/authorization/contract.js';
import { KEYRING_MANAGER, type KeyringManager } from '#managers/keyring/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { CleanUp } from '../processes/clean-up.js';
import { serviceSettings } from '../service.settings.js';
import { openBenchDatabase } from '../world/bench.database.js';
import { type Exchanges, prepareExchanges, scaleIssuer } from './scale.exchange.js';

export const tenants = 1000;
export const assignmentsEach = 10;
const instance = `oidc:${scaleIssuer}`;

export interface ScaleWorld {
  readonly subjects: number;
  readonly exchanges: Exchanges;
  readonly description: string;
  /** Statements that the service has sent so far: those that read, and those that write. */
  statements(): Statements;
}

export interface Statements {
  readonly read: number;
  readonly written: number;
}

/** So many at a time, so that progress can be told and no transaction is large. */
const tenantsAtOnce = 50;

const idOf = (text: string): string => `lpad(to_hex(${text}), 32, '0')::uuid`;
const everySubject = (columns: string): string => `
  select ${columns} from generate_series($1::bigint, $2::bigint) as t cross join generate_series(0, $3::bigint - 1) as n`;
const subject = idOf('(t * 100000 + n)');

const statements = [
  `insert into tenant (id, slug) select ${idOf('t')}, 't' || t from generate_series($1::bigint, $2::bigint) as t where $3::bigint > 0`,
  `insert into subject (tenant_id, id, key, kind) ${everySubject(`${idOf('t')}, ${subject}, 's' || n, 'user'`)}`,
  `insert into subject_identity (tenant_id, instance, external_id, subject_id, position)
    ${everySubject(`${idOf('t')}, '${instance}', 'u' || n, ${subject}, 0`)}`,
  `insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key)
    ${everySubject(`${idOf('t')}, ${idOf('(t * 100000 + n) * 100 + w')}, 'subject', ${subject}, 'role' || ((n + w * 4) % 40)`)}
    cross join generate_series(0, ${String(assignmentsEach - 1)}) as w`,
];

/** `undefined` when there is no PostgreSQL to run on. */
export async function openScaleWorld(
  subjects: number,
  cleanUp: CleanUp,
  say: (line: string) => void,
): Promise<ScaleWorld | undefined> {
  const database = await openBenchDatabase(process.env['DATABASE_URL']);
  if (database === undefined) return undefined;
  cleanUp.defer(() => database.close());
  const folder = mkdtempSync(join(tmpdir(), 'countersign-scale-'));
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  const keyEncryptionKeyFile = join(folder, 'key-encryption-key');
  createKeyEncryptionKeyFile(keyEncryptionKeyFile);
  const settings = serviceSettings({ databaseUrl: database.url, keyEncryptionKeyFile, importFile: null });
  const foundations = await openFoundations(settings, { migrate: true, unsafeRole: 'step-down' });
  cleanUp.defer(() => foundations.close());
  await fill(database.url, subjects, say);
  const counted = counting(foundations);
  const app = await NestFactory.createApplicationContext(AppModule.register(counted.foundations), { logger: ['error'] });
  const context: CallContext = { diagnosticId: randomUUID(), transport: 'rest' };
  await app.get<KeyringManager>(KEYRING_MANAGER).prepare(context);
  const exchanges = await prepareExchanges({
    administration: app.get<AdministrationManager>(ADMINISTRATION_MANAGER),
    authorization: app.get<AuthorizationManager>(AUTHORIZATION_MANAGER),
    context,
    tenants,
  });
  return { subjects, exchanges, description: database.description, statements: counted.statements };
}

/** As the owner, without triggers: nobody listens yet. */
async function fill(url: string, subjects: number, say: (line: string) => void): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    for (let first = 1; first <= tenants; first += tenantsAtOnce) {
      const last = first + tenantsAtOnce - 1;
      for (const statement of statements) await client.query(statement, [first, last, subjects / tenants]);
      if (last % 250 === 0) say(`${String(last)} tenants, ${String((last * subjects) / tenants)} subjects …`);
    }
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

interface Counted {
  readonly foundations: OpenFoundations;
  statements(): Statements;
}

function counting(foundations: OpenFoundations): Counted {
  const count = { read: 0, written: 0 };
  const database = new Proxy(foundations.database, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const call = member.bind(target) as (...given: unknown[]) => unknown;
      if (name !== 'query' && name !== 'prepared') return call;
      return (...given: unknown[]) => {
        const sql = String(given[name === 'query' ? 0 : 1]);
        count[/\binsert into\b|\bupdate \w+ set\b|\bdelete from\b/.test(sql) ? 'written' : 'read'] += 1;
        return call(...given);
      };
    },
  });
  return { foundations: { ...foundations, database }, statements: () => ({ ...count }) };
}
