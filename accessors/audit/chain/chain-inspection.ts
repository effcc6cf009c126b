import type {
  ChainExpectations,
  ChainFault,
  ChainHead,
  ChainFaultKind,
  ChainInspectionReport,
} from '../audit-evidence.contract.js';
import { canonicalParts } from './canonical-record.js';
import { InspectionTally } from './inspection-tally.js';
import type { LinkedRecord } from './linked-record.js';
import { chainOrigin, erasableDigest, recordHash } from './record-hash.js';

/** Checkpoints are made every few seconds; a record that is older than this against the newest one is in one of them. */
const SEALED_WITHIN_MS = 120_000;

/** The chain that is being walked. */
interface Walk {
  readonly chain: string;
  /** Up to here, records may be gone by retention. */
  readonly gone: number;
  sequence: number;
  /** Up to here, a checkpoint agrees. */
  agreed: number;
  /** The next of the points to compare with. */
  point: number;
  /** Of the last record; `null` when it is not known any more. */
  hash: string | null;
  last: LinkedRecord | undefined;
  /** A record that does not fit what is before it; which kind of fault shows with the next one. */
  misfit: { readonly record: LinkedRecord; readonly before: LinkedRecord | undefined } | undefined;
  fault: ChainFault | undefined;
}

/**
 * Takes every record, ordered by chain and sequence, and finds the first fault of each chain. What follows a fault in the same
 * chain is not judged: it hangs on what is wrong.
 */
export class ChainInspection {
  private readonly faults: ChainFault[] = [];
  private readonly seen = new Set<string>();
  private walk: Walk | undefined;
  private readonly tally: InspectionTally;

  constructor(private readonly expected: ChainExpectations) {
    this.tally = new InspectionTally(expected);
  }

  add(record: LinkedRecord): void {
    this.tally.add(record);
    if (this.walk?.chain !== record.chain) {
      this.finish();
      this.walk = this.begin(record);
    }
    this.step(this.walk, record);
  }

  end(): ChainInspectionReport {
    this.finish();
    for (const head of this.expected.heads.values()) {
      if (this.seen.has(head.chain)) continue;
      const gone = this.expected.carried.get(head.chain)?.at(-1)?.sequence ?? 0;
      if (gone >= head.sequence) continue;
      this.faults.push(place('cut', head.chain, { sequence: gone + 1, count: head.sequence - gone }));
    }
    const { records, newestAt, unsealed } = this.tally;
    return { records, chains: this.seen.size, faults: this.faults, erased: this.tally.erased(), unsealed, newestAt };
  }

  /**
   * Behind the last place before the record that was signed as gone. What was signed and not dropped yet, since the process ended in
   * between, is walked as before.
   */
  private begin({ chain, sequence }: LinkedRecord): Walk {
    this.seen.add(chain);
    const carried = this.expected.carried.get(chain) ?? [];
    const before = carried.findLast((each) => each.sequence < sequence);
    const from = before?.sequence ?? 0;
    const hash = before?.hash ?? chainOrigin(chain);
    const gone = carried.at(-1)?.sequence ?? 0;
    return { chain, gone, sequence: from, agreed: from, point: 0, hash, last: undefined, misfit: undefined, fault: undefined };
  }

  private step(walk: Walk, record: LinkedRecord): void {
    if (walk.fault !== undefined) return;
    const isNext = this.settleMisfit(walk, record) && this.takePlace(walk, record);
    if (!isNext) return;
    if (walk.hash !== null && hashOf(walk.hash, record) !== record.hash) {
      walk.misfit = { record, before: walk.last };
    } else {
      this.compare(walk, record);
    }
    walk.sequence = record.sequence;
    walk.hash = record.hash;
    walk.last = record;
  }

  /** Ids grow along a chain: where the one after a misfit is older, the two have changed places. */
  private settleMisfit(walk: Walk, next: LinkedRecord | undefined): boolean {
    const { misfit } = walk;
    if (misfit === undefined) return true;
    const { record, before } = misfit;
    const isOutOfOrder =
      (before !== undefined && before.id > record.id) ||
      (next !== undefined && next.sequence > record.sequence && next.id < record.id);
    walk.misfit = undefined;
    walk.fault = faultAt(isOutOfOrder ? 'reordered' : 'altered', record, 1);
    return false;
  }

  private takePlace(walk: Walk, record: LinkedRecord): boolean {
    const wanted = walk.sequence + 1;
    if (record.sequence === wanted) return true;
    const isPlace = Number.isSafeInteger(record.sequence) && record.sequence >= 1;
    if (!isPlace || (record.sequence > wanted && wanted <= walk.gone)) {
      walk.fault = faultAt('misplaced', record, 1);
      return false;
    }
    const kind: ChainFaultKind = record.sequence < wanted ? 'inserted' : 'deleted';
    const near = kind === 'inserted' ? record : walk.last;
    walk.fault = place(kind, walk.chain, {
      sequence: kind === 'inserted' ? record.sequence : wanted,
      count: kind === 'inserted' ? 1 : record.sequence - wanted,
      near,
    });
    return false;
  }

  /** With what checkpoints say of this record. */
  private compare(walk: Walk, record: LinkedRecord): void {
    const head = this.expected.heads.get(record.chain);
    const known = this.pointAt(walk, record) ?? head;
    if (known?.sequence === record.sequence) this.agree(walk, known, record);
    const isSealed = head !== undefined && record.sequence <= head.sequence;
    const isOld = record.at < (this.expected.sealedAt ?? 0) - SEALED_WITHIN_MS;
    if (!isSealed && isOld) walk.fault = faultAt('unsealed', record, 1);
  }

  private agree(walk: Walk, known: ChainHead, record: LinkedRecord): void {
    const { chain, agreed } = walk;
    if (known.hash === record.hash) walk.agreed = record.sequence;
    else walk.fault = place('rewritten', chain, { sequence: agreed + 1, count: record.sequence - agreed, near: record });
  }

  private pointAt(walk: Walk, { chain, sequence }: LinkedRecord): ChainHead | undefined {
    const points = this.expected.points?.get(chain) ?? [];
    while ((points[walk.point]?.sequence ?? sequence) < sequence) walk.point += 1;
    return points[walk.point];
  }

  private finish(): void {
    const { walk } = this;
    if (walk === undefined) return;
    this.settleMisfit(walk, undefined);
    const head = this.expected.heads.get(walk.chain);
    if (walk.fault === undefined && head !== undefined && Math.max(walk.sequence, walk.gone) < head.sequence) {
      const count = head.sequence - walk.sequence;
      walk.fault = place('cut', walk.chain, { sequence: walk.sequence + 1, count, near: walk.last });
    }
    if (walk.fault !== undefined) this.faults.push(walk.fault);
    this.walk = undefined;
  }
}

function hashOf(previous: string, record: LinkedRecord): string {
  const { fixed, erasable } = canonicalParts(record);
  const digest = record.erased ?? erasableDigest(record.salt ?? '', erasable);
  // What came back after an erasure was never part of it.
  if (record.erased !== null && erasable !== '{}') return '';
  return recordHash(previous, record, { fixed, erasableDigest: digest });
}

function faultAt(kind: ChainFaultKind, record: LinkedRecord, count: number): ChainFault {
  return { kind, chain: record.chain, sequence: record.sequence, count, recordId: record.id, at: record.at };
}

function place(
  kind: ChainFaultKind,
  chain: string,
  { sequence, count, near }: { readonly sequence: number; readonly count: number; readonly near?: LinkedRecord | undefined },
): ChainFault {
  return { kind, chain, sequence, count, recordId: near?.id ?? null, at: near?.at ?? null };
}
