import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { until } from '../../test/support/until.js';
import type { DecisionRecord } from './contract.js';
import { decisionRow } from './decision-row.js';
import { DecisionStore } from './decision.store.js';
import { PostgresDecisionTrail } from './postgres.decision.trail.js';

const CONTEXT = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'grpc' } as const;
const NOW = 1_790_000_000_123;
let tenants = 0;

function decision(changes: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    decisionId: 'd-1',
    tenantId: '0198c0de-0000-7000-8000-000000000001',
    clientId: 'orders-api',
    subjectId: '0198c0de-0000-7000-8000-00000000aaaa',
    audience: 'https://api.test/billing',
    permission: 'billing:invoice:read',
    resourceType: 'invoice',
    resourceId: 'inv-1',
    unit: 'org.emea',
    allowed: false,
    code: 'PERMISSION_NONE',
    policyVersion: 'main@42',
    epoch: 9_131,
    ...changes,
  };
}

interface Scene {
  readonly trail: PostgresDecisionTrail;
  readonly counters: MemoryCounters;
  readonly clock: ManualClock;
}

function build(store: Pick<DecisionStore, 'insert' | 'since'>): Scene {
  const clock = new ManualClock(NOW);
  const counters = new MemoryCounters();
  const ids = new CryptoIdSource({ clock });
  const limits = { lingerMs: 1, longestPauseMs: 2, maxWaiting: 20 };
  const deps = { store: store as DecisionStore, clock, ids, counters, logger: new SilentLogger(), limits };
  return { trail: new PostgresDecisionTrail(deps), counters, clock };
}

describeOnEachDatabase('DecisionTrail', (open) => {
  let test: TestDatabase;
  let scene: Scene;
  let tenantId: string;
  beforeAll(async () => {
    test = await open();
  });
  beforeEach(() => {
    tenantId = `0198c0de-0000-7000-8000-${String((tenants += 1)).padStart(12, '0')}`;
    scene = build(new DecisionStore({ database: test.database }));
  });

  const all = (since = 0, limit = 100) => scene.trail.decisions(CONTEXT, tenantId, { since, limit });
  const note = (changes: Partial<DecisionRecord> = {}) => scene.trail.note(CONTEXT, decision({ tenantId, ...changes }));
  const noted = (count: number) => until('all is written', async () => (await all()).length === count);

  it('keeps every member of a decision, and those that are not there as null', async () => {
    note();
    note({ subjectId: null, resourceType: null, resourceId: null, unit: null, allowed: true });
    await noted(2);
    expect(await all()).toEqual([
      { ...decision({ tenantId, subjectId: null, resourceType: null, resourceId: null, unit: null, allowed: true }), at: NOW },
      { ...decision({ tenantId }), at: NOW },
    ]);
  });

  it('answers the newest first, since a moment, and no more than asked for', async () => {
    for (const decisionId of ['a', 'b', 'c', 'd']) {
      note({ decisionId });
      scene.clock.advance(1);
    }
    await noted(4);
    expect((await all()).map(({ decisionId }) => decisionId)).toEqual(['d', 'c', 'b', 'a']);
    expect((await all(NOW + 2)).map(({ decisionId }) => decisionId)).toEqual(['d', 'c']);
    expect((await all(0, 1)).map(({ decisionId }) => decisionId)).toEqual(['d']);
  });

  it('answers nothing of another tenant', async () => {
    note();
    note({ tenantId: '0198c0de-0000-7000-8000-0000000000ff' });
    await noted(1);
    expect((await all()).map((each) => each.tenantId)).toEqual([tenantId]);
  });

  it('writes what waits when the service stops', async () => {
    note();
    await scene.trail.onModuleDestroy();
    expect((await all()).length).toBe(1);
  });

  it('is neither part of a unit of work nor rolled back with it', async () => {
    await expect(
      test.database.run(async () => {
        note();
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await noted(1);
  });

  it('writes the others when one cannot be stored, and cuts what is long', async () => {
    note({ decisionId: 'before' });
    note({ subjectId: 'no uuid' });
    note({ decisionId: 'odd\u0000\ud800', resourceId: 'x'.repeat(5_000) });
    await noted(2);
    expect((await all()).map(({ decisionId, resourceId }) => [decisionId, resourceId?.length])).toEqual([
      ['odd\ufffd\ufffd', 1_000],
      ['before', 5],
    ]);
    await until('the drop is counted', () => scene.counters.snapshot().get('decisions.dropped{refused}') === 1);
  });

  describe('CVE-2024-8365: values of attributes in the trail', () => {
    it('takes nothing into the table that a record carries beyond its type', async () => {
      const canary = 'canary-3f1c';
      const carrying = {
        ...decision({ tenantId }),
        attributes: { 'subject.salary': canary },
        context: { ip: canary },
        token: `eyJ.${canary}.x`,
        resource: { type: 'invoice', id: 'inv-1', attributes: { iban: canary } },
      };
      expect(decisionRow(CONTEXT, carrying, { id: 'id', at: 0 })).not.toContain(canary);
      scene.trail.note(CONTEXT, carrying);
      await noted(1);
      const rows = await asOwner<{ row: string }>(
        test.database,
        'select to_jsonb(d)::text as row from decision d where tenant_id = $1',
        [tenantId],
      );
      expect(rows.length).toBe(1);
      expect(rows[0]?.row).not.toContain(canary);
    });
  });
});

describe('DecisionTrail without its database', () => {
  it('returns at once, keeps as much as its bound while the database is away, counts the rest, and writes when it is back', async () => {
    let away = true;
    const written: string[] = [];
    const { trail, counters } = build({
      insert: async (rows) => {
        if (away) throw new CodedError('STORE_UNAVAILABLE');
        written.push(...rows);
      },
      since: () => Promise.resolve([]),
    });
    for (let number = 0; number < 25; number += 1) trail.note(CONTEXT, decision({ decisionId: `d-${number}` }));
    expect(counters.snapshot().get('decisions.dropped{full}')).toBe(5);
    await until('it was tried in vain', () => (counters.snapshot().get('decisions.retries') ?? 0) > 1);
    away = false;
    await until('all that was kept is written', () => written.length === 20);
    expect(written.every((row, number) => row.includes(`"d-${number}"`))).toBe(true);
  });

  it('drops what the schema refuses, and says so without a value of a row', async () => {
    const logger = new SilentLogger();
    const { trail, counters } = build({
      insert: () => Promise.reject(Object.assign(new Error('secret value'), { code: '42P01' })),
      since: () => Promise.resolve([]),
    });
    trail.note(CONTEXT, decision());
    await until('it is dropped', () => counters.snapshot().get('decisions.dropped{refused}') === 1);
    expect(JSON.stringify(logger)).not.toContain('secret');
  });
});
