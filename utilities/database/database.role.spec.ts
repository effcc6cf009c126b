import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DefaultFactAccess } from '#accessors/facts/default.fact.access.js';
import { MIGRATIONS } from '#clients/migrations.js';
import { startPrivateCluster, type PrivateCluster } from '#devkit/postgres/private-cluster.js';
import { accessorParts, CONTEXT } from '../../test/support/accessor-parts.js';
import { isPostgresInstalled } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import pg from 'pg';
import { applyMigrations, type MigrationClass } from './migration.runner.js';
import { openDatabase, type OpenDatabase } from './open.database.js';

const SET_UP_MS = 120_000;
const run = isPostgresInstalled() ? describe : describe.skip;

/** The statements of the page for operators, to the letter. */
function documentedRoles(): string[] {
  const page = readFileSync(new URL('../../docs/operating/database-roles.md', import.meta.url), 'utf8');
  const [, block = ''] = /```sql\n(.*?)```/s.exec(page) ?? [];
  return block.split(';\n').filter((statement) => statement.trim() !== '');
}

class Promotion1799999999999 implements MigrationInterface {
  readonly name = 'Promotion1799999999999';
  up = (runner: QueryRunner): Promise<void> => runner.query(`update tenant set status = 'suspended' where slug = 'acme'`);
  down = (): Promise<void> => Promise.resolve();
}

run('The roles of production, as they are documented', () => {
  let cluster: PrivateCluster | undefined;
  const opened: OpenDatabase[] = [];

  function urlOf(user: string, password: string, name = 'countersign'): string {
    const url = new URL(cluster?.url ?? '');
    Object.assign(url, { username: user, password, pathname: `/${name}` });
    return url.href;
  }
  const owner = () => urlOf('countersign_owner', 'change-me-1');
  const service = () => urlOf('countersign', 'change-me-2');

  async function open(url: string, unsafeRole: 'refuse' | 'step-down' = 'refuse'): Promise<OpenDatabase> {
    const settings = { kind: 'postgres', url, poolSize: 2 } as const;
    const database = await openDatabase({
      settings,
      migrations: MIGRATIONS,
      logger: new SilentLogger(),
      migrate: false,
      unsafeRole,
    });
    opened.push(database);
    return database;
  }

  async function administer(statements: readonly string[], url: string): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }

  beforeAll(async () => {
    cluster = await startPrivateCluster();
    // The private server's superuser has the name that the page gives to the service.
    await administer([`create role admin superuser login password 'admin'`], cluster?.url ?? '');
    await administer(['alter role countersign rename to bootstrap'], urlOf('admin', 'admin', 'postgres'));
    await administer(documentedRoles(), urlOf('admin', 'admin', 'postgres'));
    await applyMigrations({ url: owner() }, MIGRATIONS);
  }, SET_UP_MS);
  afterAll(async () => {
    await Promise.all(opened.map((database) => database.close()));
    await cluster?.stop();
  });

  it('serve: the service reads and writes what it names, and is nobody else', async () => {
    const database = await open(service());
    await database.refuseIfOutdated();
    const parts = await accessorParts(database);
    const facts = new DefaultFactAccess(parts);
    const { id } = await facts.registerTenant(CONTEXT, { slug: 'acme', status: 'active' });
    await facts.registerGroup(CONTEXT, { tenant: 'acme', key: 'staff' });
    const identity = { instance: 'i', externalId: 'x' };
    const alice = {
      tenant: 'acme',
      key: 'alice',
      kind: 'user',
      status: 'active',
      identities: [identity],
      groups: ['staff'],
    } as const;
    await facts.registerSubjects(CONTEXT, [alice]);
    const question = { tenantId: id, subject: { by: 'identity', identity }, groups: [] } as const;
    expect(await facts.factsOf(CONTEXT, question)).toMatchObject({ subject: { key: 'alice' }, groups: [{ key: 'staff' }] });
    expect(await database.query('select * from subject')).toEqual([]);
    await parts.changeFeed.stop();
    for (const forbidden of [
      'create table mine (id int)',
      'alter table subject disable row level security',
      'alter table subject no force row level security',
      'drop policy tenant_read on subject',
      'set role countersign_owner',
      'set session authorization countersign_owner',
      'truncate subject',
      `insert into schema_migration (timestamp, name) values (1, 'x')`,
      'select bind_owner(false)',
    ])
      await expect(database.query(forbidden)).rejects.toMatchObject({ code: '42501' });
    expect(await database.query(`select current_setting('statement_timeout') as limit`)).toEqual([{ limit: '10s' }]);
  });

  it('bind the owner of the tables too, who may serve', async () => {
    const database = await open(owner());
    expect(await database.query('select * from subject')).toEqual([]);
  });

  it('let a later migration of the owner change rows of tenants, and bind it again', async () => {
    const later: MigrationClass[] = [...MIGRATIONS, Promotion1799999999999];
    expect(await applyMigrations({ url: owner() }, later)).toEqual(['Promotion1799999999999']);
    const database = await open(service());
    expect(await database.query(`select status from tenants_by_slug(array['acme'])`)).toEqual([{ status: 'suspended' }]);
    expect(await (await open(owner())).query('select * from subject')).toEqual([]);
  });

  it('refuse a superuser, who steps down in development', async () => {
    const admin = urlOf('admin', 'admin');
    await expect(open(admin)).rejects.toMatchObject({
      code: 'DATABASE_ROLE_UNSAFE',
      details: { actual: 'role admin is a superuser' },
    });
    const database = await open(admin, 'step-down');
    expect(await database.query('select current_user as me, count(*)::int as rows from subject')).toEqual([
      { me: 'countersign_service', rows: 0 },
    ]);
    expect(await database.run(() => database.query('select current_user as me'))).toEqual([{ me: 'countersign_service' }]);
  });

  it('refuse BYPASSRLS, and do not step down where that role may not', async () => {
    const made = [`create role backup login bypassrls password 'backup'`, 'grant connect on database countersign to backup'];
    await administer(made, urlOf('admin', 'admin'));
    const backup = urlOf('backup', 'backup');
    await expect(open(backup)).rejects.toMatchObject({ details: { actual: 'role backup has BYPASSRLS' } });
    const database = await open(backup, 'step-down');
    await expect(database.query('select 1')).rejects.toMatchObject({ code: '42501' });
  });

  it('refuse everybody while a table of tenants is not under it', async () => {
    const admin = urlOf('admin', 'admin');
    for (const [off, on] of [
      ['alter table subject disable row level security', 'alter table subject enable row level security'],
      ['alter table subject no force row level security', 'alter table subject force row level security'],
      ['create table new_data (tenant_id uuid)', 'drop table new_data'],
    ] as const) {
      await administer([off], admin);
      for (const unsafe of ['refuse', 'step-down'] as const)
        await expect(open(service(), unsafe)).rejects.toMatchObject({ code: 'DATABASE_ROLE_UNSAFE' });
      await administer([on], admin);
    }
    await open(service());
  });
});
