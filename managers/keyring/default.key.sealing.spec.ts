import { describe, expect, it } from '@jest/globals';
import type { ChangeRecord } from '#accessors/audit/contract.js';
import type { RewrapProgress } from '#accessors/key/rewrap.contract.js';
import { DefaultKeySealing } from './default.key.sealing.js';
import type { RewrapReport } from './key-sealing.contract.js';

const context = { diagnosticId: '7b0a7bb4-3bb6-4a0c-9e0e-5b0f8d2f4a11', transport: 'cli' } as const;
const step = (rewrapped: number, remaining: number, failed: readonly string[] = []): RewrapProgress => ({
  keyEncryptionKeyId: 'kek',
  rewrapped,
  remaining,
  failed,
});

describe('rewrapping everything', () => {
  it('goes on until nothing remains, and records each step', async () => {
    const { report, records, seen } = await rewrapOver([step(2, 3), step(2, 1), step(1, 0), step(9, 9)]);
    expect(report).toEqual({ keyEncryptionKeyId: 'kek', rewrapped: 5, remaining: 0, failed: [] });
    expect(records.map(({ detail }) => detail)).toEqual([
      '2 rows under kek, 3 to go',
      '2 rows under kek, 1 to go',
      '1 rows under kek, 0 to go',
    ]);
    expect(seen.map(({ rewrapped }) => rewrapped)).toEqual([2, 4, 5]);
  });

  it('ends with the rows that do not open, and records nothing where nothing was done', async () => {
    const failed = ['signing_key kid'];
    const { report, records } = await rewrapOver([step(2, 1, failed), step(0, 1, failed), step(9, 9)]);
    expect(report).toEqual({ keyEncryptionKeyId: 'kek', rewrapped: 2, remaining: 1, failed });
    expect(records.length).toBe(1);
  });
});

async function rewrapOver(steps: RewrapProgress[]) {
  const records: ChangeRecord[] = [];
  const seen: RewrapReport[] = [];
  const sealing = new DefaultKeySealing({
    keyRewrap: { rewrap: async () => steps.shift() ?? step(0, 0) },
    changeTrail: {
      recordWithin: async (_context, record) => void records.push(record),
      issuedUnder: async () => [],
    },
    unitOfWork: { run: (work) => work() },
  });
  const report = await sealing.rewrap(context, { batch: 2, onProgress: (progress) => void seen.push(progress) });
  return { report, records, seen };
}
