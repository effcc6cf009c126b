import { beforeAll, expect, it } from '@jest/globals';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { Database } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres, type Opener, type TestDatabase } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { AuditStore } from './audit.store.js';
import type { ExchangeRecord, RefusalRecord } from './contract.js';
import { auditLimits, PostgresAuditAccess, type AuditLimits } from './postgres.audit.access.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'grpc' } as const;
const tenantId = '0198c0de-0000-7000-8000-000000000001';
const issued: ExchangeRecord = {
  outcome: 'issued',
  tenantId,
  clientId: 'orders-api',
  case: 'on-behalf-of',
  subject: 'u_abc',
  actor: 'c_def',
  issuer: 'contoso',
  audience: 'https://api.acme.test/billing',
  tokenId: '5d3c1f4e-6a51-4b43-9a4e-0f9b51a7f7d2',
  kid: 'kid',
  expiresAt: 1_790_000_600,
  permissionCount: 3,
  policyVersion: 'main@42',
  epoch: 9_131,
  subjectTokenSha256: 'ab'.repeat(32),
};
const refused: RefusalRecord = {
  outcome: 'refused',
  tenantId: null,
  clientId: 'orders-api',
  code: 'TARGET_UNKNOWN',
  issuer: null,
  audience: 'https://x',
  subjectTokenSha256: null,
  detail: 'no such application',
};

describeOnEachDatabase('PostgresAuditAccess', (open) => {
  let opened: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    opened = await open();
    database = opened.database;
  });

  it('keeps every member of a record of an issued token', async () => {
    await accessOn(database).record(context, issued);
    const [row] = await asOwner(
      opened.database,
      "select *, at > now() - interval '1 minute' as recent from audit_record where token_id = $1",
      [issued.tokenId],
    );
    expect(row).toMatchObject({
      tenant_id: tenantId,
      outcome: 'issued',
      diagnostic_id: context.diagnosticId,
      transport: 'grpc',
      client_id: 'orders-api',
      exchange_case: 'on-behalf-of',
      subject: 'u_abc',
      actor: 'c_def',
      issuer: 'contoso',
      audience: issued.audience,
      token_id: issued.tokenId,
      kid: 'kid',
      permission_count: 3,
      policy_version: 'main@42',
      epoch: '9131',
      subject_token_sha256: issued.subjectTokenSha256,
      code: null,
      what: null,
      detail: null,
      recent: true,
    });
    const [time] = await asOwner(
      opened.database,
      `select extract(epoch from expires_at)::int as expires, id::text as id from audit_record where token_id = $1`,
      [issued.tokenId],
    );
    expect(time).toMatchObject({ expires: issued.expiresAt, id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/) });
  });

  it('keeps refusals and changes, under the platform where there is no tenant', async () => {
    const access = accessOn(database);
    await access.record(context, { ...refused, clientId: 'a-client' });
    await access.record(context, { outcome: 'changed', what: 'keyring.key_made', detail: 'kid-9' });
    const found = await asOwner(
      opened.database,
      `select tenant_id, outcome, code, what, detail from audit_record where client_id = 'a-client' or what is not null order by id`,
    );
    expect(found).toEqual([
      { tenant_id: PLATFORM_TENANT, outcome: 'refused', code: 'TARGET_UNKNOWN', what: null, detail: 'no such application' },
      { tenant_id: PLATFORM_TENANT, outcome: 'changed', code: null, what: 'keyring.key_made', detail: 'kid-9' },
    ]);
  });

  it('keeps the time of the record to the millisecond', async () => {
    const at = 1_790_000_000_123;
    const access = accessOn(database, { clock: { now: () => at, monotonic: () => 0 } });
    await access.record(context, { ...refused, clientId: 'millisecond' });
    const [row] = await asOwner(
      opened.database,
      `select (extract(epoch from at) * 1000)::bigint::text as at from audit_record where client_id = 'millisecond'`,
    );
    expect(row).toEqual({ at: String(at) });
  });

  it('writes the records of one moment with one statement', async () => {
    const seen = watched(database);
    const access = accessOn(seen.database);
    await Promise.all(Array.from({ length: 300 }, () => access.record(context, { ...issued, clientId: 'together' })));
    expect(seen.statements()).toBe(1);
    expect(await count('together')).toBe(300);
  });

  it('writes a record once when the answer of the commit is lost', async () => {
    let lost = 0;
    const losing = intercepted(database, async (write) => {
      await write();
      lost += 1;
      if (lost <= 2) throw new CodedError('STORE_UNAVAILABLE');
    });
    const access = accessOn(losing);
    await Promise.all(Array.from({ length: 40 }, () => access.record(context, { ...issued, clientId: 'answer-lost' })));
    expect(lost).toBe(3);
    expect(await count('answer-lost')).toBe(40);
  });

  it('refuses while the database is away and records again when it is back', async () => {
    let away = true;
    const flapping = intercepted(database, (write) => (away ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : write()));
    const access = accessOn(flapping, { limits: { giveUpAfterMs: 15 } });
    const down = await Promise.allSettled([access.record(context, issued), access.record(context, refused)]);
    for (const outcome of down) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'AUDIT_UNAVAILABLE' } });
    away = false;
    await access.record(context, { ...issued, clientId: 'back-again' });
    expect(await count('back-again')).toBe(1);
  });

  it('refuses at once when too many wait', async () => {
    const hanging = intercepted(database, () => new Promise<void>(() => undefined));
    const counters = new MemoryCounters();
    const access = accessOn(hanging, { counters, limits: { maxWaiting: 5, giveUpAfterMs: 50 } });
    const waiting = Promise.allSettled(Array.from({ length: 5 }, () => access.record(context, issued)));
    await expect(access.record(context, issued)).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
      details: { retryAfterSeconds: 5 },
    });
    expect(counters.snapshot().get('audit.overflows')).toBe(1);
    expect((await waiting).map((outcome) => outcome.status)).toEqual(Array(5).fill('rejected'));
  });

  it('lets no caller spoil the commit of others with bytes that the database refuses', async () => {
    const access = accessOn(database);
    const spoiled = { ...refused, clientId: 'spoiler', audience: 'https://\0\ud800/', detail: 'x'.repeat(100_000) };
    await Promise.all([access.record(context, spoiled), access.record(context, { ...issued, clientId: 'neighbour' })]);
    expect(await count('neighbour')).toBe(1);
    const [row] = await asOwner(
      opened.database,
      `select audience, length(detail) as length from audit_record where client_id = 'spoiler'`,
    );
    expect(row).toEqual({ audience: 'https://\ufffd\ufffd/', length: 1_000 });
  });

  it('records the neighbours of a record that the table cannot hold', async () => {
    const access = accessOn(database);
    const outcomes = await Promise.allSettled([
      access.record(context, { ...issued, clientId: 'beside' }),
      access.record(context, { ...issued, tenantId: 'not a uuid', clientId: 'beside' }),
      access.record(context, { ...issued, clientId: 'beside' }),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await count('beside')).toBe(2);
  });

  it('is not part of the unit of work of whoever records', async () => {
    if (database.engine === 'embedded') return; // Its only connection belongs to the unit.
    const access = accessOn(database);
    const failing = opened.database.run(async () => {
      await database.query('select 1');
      await access.record(context, { ...issued, clientId: 'rolled-back-caller' });
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await count('rolled-back-caller')).toBe(1);
  });

  it.each(['update audit_record set detail = null', 'delete from audit_record', 'truncate audit_record'])(
    'is append-only: %s',
    async (statement) => {
      await expect(asOwner(opened.database, statement)).rejects.toMatchObject({ code: '42501' });
    },
  );

  it('gives the tenant first in its key and its index; chains go through all tenants', async () => {
    const indexes = await asOwner<{ definition: string }>(
      opened.database,
      `select indexdef as definition from pg_indexes where tablename = 'audit_record' order by indexname`,
    );
    expect(indexes.map(({ definition }) => /btree \((.*)\)/.exec(definition)?.[1])).toEqual([
      'tenant_id, at',
      'chain, sequence',
      'tenant_id, id, at',
    ]);
  });

  async function count(clientId: string): Promise<number> {
    const [row] = await asOwner<{ count: number }>(
      opened.database,
      'select count(*)::int as count from audit_record where client_id = $1',
      [clientId],
    );
    return row?.count ?? -1;
  }
});

describeOnPostgres('PostgresAuditAccess and durability', (open: Opener) => {
  it('has committed to disk when it returns: another connection sees it, and commits are synchronous', async () => {
    const opened = await open();
    const other = await opened.reopen();
    await accessOn(opened.database).record(context, issued);
    expect(await asOwner(other, 'select token_id from audit_record')).toEqual([{ token_id: issued.tokenId }]);
    expect(await opened.database.query(`select current_setting('synchronous_commit') as value`)).toEqual([{ value: 'on' }]);
  });

  it('loses no record that it confirmed, and doubles none, when its connections are killed again and again', async () => {
    const opened = await open();
    const killer = await opened.reopen();
    const access = accessOn(opened.database);
    const confirmed = new Set<string>();
    const ids = new CryptoIdSource({ clock: new SystemClock() });
    let kills = 0;
    const kill = async (): Promise<void> => {
      const killed = await asOwner<{ done: boolean }>(
        killer,
        `select pg_terminate_backend(pid) as done from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and ltrim(query, E' \\n') like 'with unsealed%'`,
      );
      kills += killed.filter((each) => each.done).length;
    };
    const worker = async (): Promise<void> => {
      for (let round = 0; round < 40; round += 1) {
        const tokenId = ids.random();
        await access.record(context, { ...issued, tokenId });
        confirmed.add(tokenId);
        if (confirmed.size % 15 === 0) await kill();
      }
    };
    await Promise.all(Array.from({ length: 25 }, worker));
    const rows = await asOwner<{ token_id: string }>(killer, 'select token_id from audit_record');
    const stored = rows.map((row) => row.token_id);
    expect(kills).toBeGreaterThan(0);
    expect(confirmed.size).toBe(1_000);
    expect([...confirmed].filter((tokenId) => !stored.includes(tokenId))).toEqual([]);
    expect(stored.length).toBe(new Set(stored).size);
  });
});

interface Changed {
  readonly limits?: Partial<AuditLimits>;
  readonly counters?: MemoryCounters;
  readonly clock?: Clock;
}

function accessOn(database: Database, changed: Changed = {}): PostgresAuditAccess {
  const clock = changed.clock ?? new SystemClock();
  return new PostgresAuditAccess({
    store: new AuditStore({ database }),
    clock,
    ids: new CryptoIdSource({ clock }),
    counters: changed.counters ?? new MemoryCounters(),
    logger: new SilentLogger(),
    limits: { ...auditLimits(database.engine), ...changed.limits },
  });
}

/** The same database, with something between it and each prepared statement. */
function intercepted(database: Database, around: (write: () => Promise<void>) => Promise<void>): Database {
  return {
    engine: database.engine,
    query: (sql, parameters) => database.query(sql, parameters),
    prepared: async <Row extends object>(name: string, sql: string, parameters: readonly unknown[]): Promise<Row[]> => {
      let rows: Row[] = [];
      await around(async () => {
        rows = await database.prepared<Row>(name, sql, parameters);
      });
      return rows;
    },
    forTenants: (tenantIds, work) => database.forTenants(tenantIds, work),
    listen: (channel, heard, resumed) => database.listen(channel, heard, resumed),
    announce: (channel, payload) => database.announce(channel, payload),
    close: () => database.close(),
  };
}

function watched(database: Database): { readonly database: Database; statements(): number } {
  let statements = 0;
  const counting = intercepted(database, (write) => {
    statements += 1;
    return write();
  });
  return { database: counting, statements: () => statements };
}
