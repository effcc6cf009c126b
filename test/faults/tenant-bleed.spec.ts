import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MIGRATIONS } from '#clients/migrations.js';
import { openDatabase, type OpenDatabase } from '#utilities/database/open.database.js';
import { accessorParts } from '../support/accessor-parts.js';
import { describeOnPostgres, type TestDatabase } from '../support/database.js';
import { findPgBouncer, type PgBouncer, startPgBouncer } from '../support/pg-bouncer.js';
import { createServiceLogin, type ServiceLogin } from '../support/service-login.js';
import { SilentLogger } from '../support/silent.logger.js';
import { planted, plantMissingWhere, readAfterSessionSet, readWithoutWhere } from './tenant-bleed/bleed.plants.js';
import { bleed, CALLS_AND_ANNOUNCEMENTS } from './tenant-bleed/bleed.run.js';
import { misplacedRows, populate, roomsOn, TENANTS, type BleedTenant } from './tenant-bleed/bleed.world.js';

/** More where the machine is the test's alone: CI makes 100 000. */
const MANY = Number(process.env['TENANT_BLEED_CALLS'] ?? 4_000);
const FEW = 1_000;
const SET_UP_MS = 120_000;
const LONGEST_MS = 900_000;
const SERVER_CONNECTIONS = 2;
const CLIENT_CONNECTIONS = 40;

const installed = findPgBouncer() !== undefined;
if (!installed) process.stdout.write('Tenant bleed: skipped, for PgBouncer is not installed (Debian: the package pgbouncer)\n');

describeOnPostgres('CVE-2026-9094, CVE-2026-40264: one tenant reaches what is of another', (open) => {
  const run = installed ? describe : describe.skip;

  run('Fifty tenants on two connections behind a pooler in transaction mode', () => {
    let test: TestDatabase;
    let login: ServiceLogin;
    let bouncer: PgBouncer;
    let service: OpenDatabase;
    let tenants: readonly BleedTenant[];
    const opened: OpenDatabase[] = [];

    beforeAll(async () => {
      test = await open();
      login = await createServiceLogin(test.settings);
      bouncer = await startPgBouncer([login.url, superuserUrl()], SERVER_CONNECTIONS);
      tenants = await populate(roomsOn(test.database));
      service = await throughPooler(login.url, 'refuse');
    }, SET_UP_MS);
    afterAll(async () => {
      await Promise.all(opened.map((database) => database.close()));
      await bouncer.stop();
      await login.drop();
    });

    function superuserUrl(): string {
      if (test.settings.kind !== 'postgres') throw new Error('PostgreSQL was asked for');
      return test.settings.url;
    }

    async function throughPooler(url: string, unsafeRole: 'refuse' | 'keep'): Promise<OpenDatabase> {
      const settings = { kind: 'postgres', url: bouncer.urlOf(url), directUrl: url, poolSize: CLIENT_CONNECTIONS } as const;
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

    it(
      'show no call a row of another tenant, and put none there',
      async () => {
        expect(tenants.length).toBe(TENANTS);
        const verdict = await bleed(roomsOn(service), tenants, MANY);
        process.stdout.write(`tenant bleed: ${verdict.calls} calls, ${verdict.foreign} foreign, ${verdict.empty} empty\n`);
        expect(verdict).toEqual({ calls: MANY, foreign: 0, empty: 0 });
        expect(await misplacedRows(test.database, tenants)).toBe(0);
      },
      LONGEST_MS,
    );

    it('CVE-2026-33496, CVE-2026-33729: show none from memory either, while what is kept changes', async () => {
      const parts = await accessorParts(service);
      const verdict = await bleed(roomsOn(service, parts), tenants, FEW, CALLS_AND_ANNOUNCEMENTS);
      await parts.changeFeed.stop();
      expect(verdict).toEqual({ calls: FEW, foreign: 0, empty: 0 });
    });

    it('share two connections of the server', async () => {
      const rows = await test.database.run(async () => {
        await test.database.query('set local role none');
        return test.database.query(
          `select 1 from pg_stat_activity where datname = current_database() and usename = $1
          and application_name = 'countersign' and client_port is not null and query not like 'listen%'`,
          [new URL(login.url).username],
        );
      });
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThanOrEqual(SERVER_CONNECTIONS);
    });

    describe('when a fault is planted', () => {
      it('catch a missing WHERE: no other tenant shows, and the run tells that the platform does', async () => {
        await plantMissingWhere(test.database);
        const verdict = await bleed(roomsOn(service), tenants, FEW, planted(readWithoutWhere));
        expect(verdict.foreign).toBeGreaterThan(0);
        const one = tenants[7];
        if (one === undefined) throw new Error('there are fifty');
        const answer = JSON.stringify(await readWithoutWhere(roomsOn(service), one, 1));
        expect(answer).toContain('of-platform');
        expect(answer).not.toMatch(/of-tenant-(?!7\b)/);
        const unbound = await throughPooler(superuserUrl(), 'keep');
        expect(JSON.stringify(await readWithoutWhere(roomsOn(unbound), one, 1))).toMatch(/of-tenant-(?!7\b)/);
      });

      it('catch a tenant that is set for the session instead of the transaction', async () => {
        const verdict = await bleed(roomsOn(service), tenants, FEW, planted(readAfterSessionSet));
        expect(verdict.foreign).toBeGreaterThan(0);
      });

      it('catch a superuser: it is refused at the start, and the run tells what it would have shown', async () => {
        await expect(throughPooler(superuserUrl(), 'refuse')).rejects.toMatchObject({
          code: 'DATABASE_ROLE_UNSAFE',
          details: { actual: expect.stringMatching(/is a superuser/) },
        });
        const verdict = await bleed(roomsOn(await throughPooler(superuserUrl(), 'keep')), tenants, FEW);
        expect(verdict.foreign).toBeGreaterThan(0);
      });
    });
  });
});
