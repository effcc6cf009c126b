import type { ChainExpectations, ErasedRecords, UnsealedRecords } from '../audit-evidence.contract.js';
import type { LinkedRecord } from './linked-record.js';

/** What the record of an erasure is called, and how its detail begins. */
const ERASURE = 'audit.erased';
const SAID = /^(\d{1,9}) records: /;

/** What is counted of every record on the way, faults or none. */
export class InspectionTally {
  records = 0;
  newestAt: number | null = null;
  unsealed: UnsealedRecords | null = null;
  accountedFor = 0;
  private readonly erasedIn = new Map<string, number>();

  constructor(private readonly expected: Pick<ChainExpectations, 'heads'>) {}

  add(record: LinkedRecord): void {
    this.records += 1;
    this.newestAt = Math.max(this.newestAt ?? record.at, record.at);
    if (record.erased !== null) this.erasedIn.set(record.chain, (this.erasedIn.get(record.chain) ?? 0) + 1);
    if (record.what === ERASURE) this.accountedFor += saidIn(record);
    if (record.sequence > (this.expected.heads.get(record.chain)?.sequence ?? 0)) this.takeUnsealed(record);
  }

  erased(): ErasedRecords {
    const inChains = [...this.erasedIn].map(([chain, records]) => ({ chain, records }));
    return { inChains, accountedFor: this.accountedFor };
  }

  private takeUnsealed({ at }: LinkedRecord): void {
    const { records = 0, oldestAt = at } = this.unsealed ?? {};
    this.unsealed = { records: records + 1, oldestAt: Math.min(oldestAt, at) };
  }
}

function saidIn({ outcome, detail }: LinkedRecord): number {
  const [, records = '0'] = SAID.exec(detail ?? '') ?? [];
  return outcome === 'changed' ? Number(records) : 0;
}
