import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { auditRow } from '../audit-row.js';
import type { ChainExpectations, ChainHead } from '../audit-evidence.contract.js';
import { auditUnavailable } from '../durable-write.js';
import { AuditChain, type LinkedBatch } from './audit-chain.js';
import type { RecordParts } from './canonical-record.js';
import { ChainInspection } from './chain-inspection.js';
import type { LinkedRecord } from './linked-record.js';
import { ChainedWriter } from './chained-writer.js';

const context = { diagnosticId: '7B0A7BB4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'rest' } as const;
const ids = new CryptoIdSource({ clock: new ManualClock() });

describe('Chains of audit records', () => {
  it('verify as they are read back, whatever callers put into them', () => {
    const text = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 1_100 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), (texts) => {
        const { rows, head } = new AuditChain({ ids }).link(texts.map(refusal));
        expect(inspect(rows, [head])).toMatchObject({ records: texts.length, chains: 1, faults: [] });
      }),
    );
  });

  it('give each record a salt of its own', () => {
    const { rows } = new AuditChain({ ids }).link(Array.from({ length: 1_000 }, () => refusal('same')));
    expect(new Set(rows.map((row) => readBack(row).salt)).size).toBe(1_000);
  });

  it('go on where the last settled batch ended', async () => {
    const { writer, stored, kept } = build();
    await writer.commit([refusal('a'), refusal('b')], 0);
    await writer.commit([refusal('c')], 0);
    await writer.commit([refusal('d')], 1);
    expect(inspect(stored, kept)).toMatchObject({ records: 4, chains: 2, faults: [] });
  });

  it('give the places of a batch that the database found fault with to the next one', async () => {
    const { writer, stored, kept, next } = build();
    await writer.commit([refusal('a')], 0);
    next.outcome = 'refused';
    await expect(writer.commit([refusal('b'), refusal('c')], 0)).rejects.toThrow();
    await writer.commit([refusal('d')], 0);
    expect(inspect(stored, kept)).toMatchObject({ records: 2, chains: 1, faults: [] });
  });

  it.each(['lost and not there', 'lost and there'] as const)('end where a batch was %s', async (outcome) => {
    const { writer, stored, kept, next } = build();
    await writer.commit([refusal('a')], 0);
    next.outcome = outcome;
    await expect(writer.commit([refusal('b')], 0)).rejects.toThrow();
    await writer.commit([refusal('c')], 0);
    await writer.commit([refusal('d')], 0);
    expect(inspect(stored, kept)).toMatchObject({ chains: 2, faults: [] });
  });

  it('show every change of any record to the very record', () => {
    const texts = ['a', 'b', 'c', 'd', 'e'];
    const { rows, head } = new AuditChain({ ids }).link(texts.map(refusal));
    for (const [at, row] of rows.entries()) {
      const record = readBack(row);
      for (const member of Object.keys(record).filter((each) => !['chain', 'sequence', 'erased'].includes(each))) {
        const value = Reflect.get(record, member) as unknown;
        const altered = { ...record, [member]: typeof value === 'number' ? value + 1 : `${String(value)}0` };
        const { faults } = inspectRecords([...rows.map(readBack).with(at, altered)], [head]);
        expect({ member, faults }).toMatchObject({ member, faults: [{ sequence: at + 1 }] });
        expect(faults).toHaveLength(1);
      }
    }
  });

  it('tell of a record that stands in no checkpoint long after it should', () => {
    const { rows, head } = new AuditChain({ ids }).link([refusal('a'), refusal('b')]);
    const sealedAt = readBack(rows[0] ?? '').at + 600_000;
    expect(inspect(rows, [], { sealedAt }).faults).toMatchObject([{ kind: 'unsealed', sequence: 1 }]);
    expect(inspect(rows, [head], { sealedAt }).faults).toEqual([]);
  });
});

function refusal(detail: string): RecordParts {
  const record = {
    outcome: 'refused',
    tenantId: null,
    clientId: detail,
    code: 'TARGET_UNKNOWN',
    issuer: null,
    audience: detail,
    subjectTokenSha256: 'ab',
    detail,
  } as const;
  return auditRow(context, record, { id: ids.ordered(), at: 1_790_000_000_123 });
}

/** As the columns give it back. */
function readBack(row: string): LinkedRecord {
  const record = JSON.parse(row) as LinkedRecord;
  const { diagnostic_id, salt, hash } = record;
  return {
    ...record,
    diagnostic_id: diagnostic_id.toLowerCase(),
    salt: salt?.slice(2) ?? null,
    hash: hash.slice(2),
    erased: null,
  };
}

function inspect(rows: readonly string[], heads: readonly ChainHead[], more: Partial<ChainExpectations> = {}) {
  return inspectRecords(rows.map(readBack), heads, more);
}

function inspectRecords(records: readonly LinkedRecord[], heads: readonly ChainHead[], more: Partial<ChainExpectations> = {}) {
  const known = new Map(heads.map((head) => [head.chain, head]));
  const inspection = new ChainInspection({ heads: known, carried: new Map(), sealedAt: null, ...more });
  const sorted = [...records].sort((one, other) =>
    one.chain === other.chain ? one.sequence - other.sequence : one.chain < other.chain ? -1 : 1,
  );
  for (const record of sorted) inspection.add(record);
  return inspection.end();
}

function build() {
  const stored: string[] = [];
  const kept: ChainHead[] = [];
  const next: { outcome: 'kept' | 'refused' | 'lost and there' | 'lost and not there' } = { outcome: 'kept' };
  const write = async ({ rows, head }: LinkedBatch): Promise<void> => {
    const { outcome } = next;
    next.outcome = 'kept';
    if (outcome === 'refused') throw auditUnavailable('22P02', Object.assign(new Error('refused'), { code: '22P02' }));
    if (outcome !== 'lost and not there') {
      stored.push(...rows);
      kept.push(head);
    }
    if (outcome !== 'kept') throw auditUnavailable('away', new CodedError('STORE_UNAVAILABLE'));
  };
  return { writer: new ChainedWriter({ ids, lanes: 2, write }), stored, kept, next };
}
