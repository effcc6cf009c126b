import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AuditStore } from '#accessors/audit/audit.store.js';
import { auditLimits, PostgresAuditAccess } from '#accessors/audit/postgres.audit.access.js';
import { MIGRATIONS } from '#clients/migrations.js';
import { TcpProxy } from '#devkit/tcp-proxy/tcp-proxy.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { openDatabase } from '#utilities/database/open.database.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { asOwner } from '../../support/as-owner.js';
import { describeOnPostgres, type TestDatabase } from '../../support/database.js';
import { SilentLogger } from '../../support/silent.logger.js';
import { until } from '../../support/until.js';
import { auditWorld, type AuditWorld, CONTEXT, issued } from './audit.world.js';

const ROUNDS = 12;
const AT_ONCE = 40;

describeOnPostgres('A COMMIT whose answer is lost', (open) => {
  let opened: TestDatabase;
  let world: AuditWorld;
  beforeAll(async () => {
    opened = await open();
    world = await auditWorld(opened.database);
  });
  afterAll(() => world.close());

  it('leaves exactly one record, and chains that verify', async () => {
    const proxy = await proxyTo(opened);
    const through = await openDatabase({
      settings: { kind: 'postgres', url: proxy.url, poolSize: 4 },
      migrations: MIGRATIONS,
      logger: new SilentLogger(),
      migrate: false,
      unsafeRole: 'step-down',
    });
    const clock = new SystemClock();
    const counters = new MemoryCounters();
    const access = new PostgresAuditAccess({
      store: new AuditStore({ database: through }),
      clock,
      ids: new CryptoIdSource({ clock }),
      counters,
      logger: new SilentLogger(),
      limits: { ...auditLimits('postgres'), giveUpAfterMs: 8_000 },
    });
    // Each connection has begun, and knows the statement, before anything is lost.
    await access.record(CONTEXT, issued(0));
    let lost = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await stored();
      // The statement goes through, its answer waits in the proxy and is never given on.
      proxy.tcp.set({ muteAnswers: true });
      const first = round * AT_ONCE + 1;
      const recorded = Promise.all(Array.from({ length: AT_ONCE }, (_, index) => access.record(CONTEXT, issued(first + index))));
      await until('the server has committed', async () => (await stored()) > before);
      lost += 1;
      proxy.tcp.heal();
      await recorded;
    }
    expect(lost).toBe(ROUNDS);
    expect(counters.snapshot().get('audit.retries')).toBeGreaterThanOrEqual(ROUNDS);
    const tokens = await asOwner<{ token: string }>(opened.database, 'select token_id as token from audit_record');
    const wanted = Array.from({ length: ROUNDS * AT_ONCE + 1 }, (_, number) => `token-${String(number)}`);
    expect(tokens.map(({ token }) => token).sort()).toEqual(wanted.sort());
    await world.administration.seal(CONTEXT);
    expect(await world.administration.verify(CONTEXT, { anchors: [] })).toMatchObject({ whole: true, records: wanted.length });
    await through.close();
    await proxy.tcp.stop();
  });

  async function stored(): Promise<number> {
    const [row] = await asOwner<{ count: number }>(opened.database, 'select count(*)::int as count from audit_record');
    return row?.count ?? 0;
  }
});

async function proxyTo({ settings }: TestDatabase): Promise<{ readonly tcp: TcpProxy; readonly url: string }> {
  if (settings.kind !== 'postgres') throw new Error('the proxy stands before a server');
  const url = new URL(settings.url);
  const tcp = new TcpProxy({ target: { host: url.hostname, port: Number(url.port || 5432) } });
  const { host, port } = await tcp.start();
  url.hostname = host;
  url.port = String(port);
  return { tcp, url: url.href };
}
