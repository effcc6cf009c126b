import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FactQuestion } from '#accessors/facts/contract.js';
import { DefaultFactAccess } from '#accessors/facts/default.fact.access.js';
import { MIGRATIONS } from '#clients/migrations.js';
import { startPrivateCluster, type PrivateCluster } from '#devkit/postgres/private-cluster.js';
import { PostgresChangeFeed } from '#utilities/change-feed/postgres.change-feed.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { asOwner } from '../../test/support/as-owner.js';
import { accessorParts, CONTEXT } from '../../test/support/accessor-parts.js';
import { isPostgresInstalled } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { until } from '../../test/support/until.js';
import { openDatabase, type OpenDatabase } from './open.database.js';

const run = isPostgresInstalled() ? describe : describe.skip;

const about = (tenantId: string, externalId: string): FactQuestion => ({
  tenantId,
  subject: { by: 'identity', identity: { instance: 'oidc:x', externalId } },
  groups: [],
});

run('Outage of PostgreSQL', () => {
  let cluster: PrivateCluster | undefined;
  let database: OpenDatabase;
  const logger = new SilentLogger();
  const tenant = '22222222-2222-4222-8222-222222222222';

  beforeAll(async () => {
    cluster = await startPrivateCluster();
    const settings = { kind: 'postgres', url: cluster?.url ?? '', poolSize: 4 } as const;
    database = await openDatabase({ settings, migrations: MIGRATIONS, logger, migrate: true, unsafeRole: 'step-down' });
  });
  afterAll(async () => {
    await database.close();
    await cluster?.stop();
  });

  const answers = async (): Promise<boolean> => {
    try {
      return (await database.query('select 1 as one')).length === 1;
    } catch {
      return false;
    }
  };

  it('is STORE_UNAVAILABLE with a time to try again, and is over when the server is back', async () => {
    const feed = new PostgresChangeFeed({ database, clock: new SystemClock(), logger });
    await feed.start();
    await asOwner(database, `insert into tenant (id, slug) values ($1, 'outage')`, [tenant]);
    // Several connections are open and idle when the server goes.
    await Promise.all([1, 2, 3, 4].map(() => database.query('select pg_sleep(0.01)')));
    await cluster?.halt();

    const unavailable = { code: 'STORE_UNAVAILABLE', details: { retryAfterSeconds: expect.any(Number) } };
    for (let round = 0; round < 5; round += 1) await expect(database.query('select 1')).rejects.toMatchObject(unavailable);
    await expect(database.run(() => database.query('select 1'))).rejects.toMatchObject(unavailable);
    await expect(database.announce('x', 'y')).rejects.toMatchObject(unavailable);
    await expect(
      openDatabase({
        settings: { kind: 'postgres', url: cluster?.url ?? '', poolSize: 1 },
        migrations: [],
        logger,
        migrate: false,
      }),
    ).rejects.toMatchObject(unavailable);
    await expect(database.migrate()).rejects.toMatchObject(unavailable);
    expect(logger.lines.map(({ event }) => event)).toContain('database.listener_lost');

    await cluster?.resume();
    await until('the database answers', answers);
    // Nobody announces this: the process hears of it because it asks again once it listens again.
    await asOwner(database, `update tenant set status = 'suspended' where id = $1`, [tenant]);
    await until('the missed change is known', () => feed.epochOf(tenant) === 2);
    await until('listening was resumed', () => logger.lines.some(({ event }) => event === 'database.listener_resumed'));
    await feed.stop();
  });

  it('leaves what is known answered from memory, and says STORE_UNAVAILABLE for the rest', async () => {
    const parts = await accessorParts(database);
    const facts = new DefaultFactAccess(parts);
    const { id } = await facts.registerTenant(CONTEXT, { slug: 'known', status: 'active' });
    await facts.announceChanges(CONTEXT);
    const known = await facts.factsOf(CONTEXT, about(id, 'known'));
    await cluster?.halt();
    expect(await facts.factsOf(CONTEXT, about(id, 'known'))).toBe(known);
    await expect(facts.factsOf(CONTEXT, about(id, 'new'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await cluster?.resume();
    await until('the database answers', answers);
    await facts.factsOf(CONTEXT, about(id, 'new'));
    await parts.changeFeed.stop();
  });
});
