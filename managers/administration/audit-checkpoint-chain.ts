import type { AuditEvidence, ChainExpectations, ChainHead } from '#accessors/audit/audit-evidence.contract.js';
import type { KeyRecord } from '#accessors/key/contract.js';
import type { AuditSealEngine, AuditSealVerdict } from '#engines/signing/audit-seal.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuditVerdict, CheckpointFault, CheckpointFaultKind } from './audit-administration.contract.js';

type Opened = Extract<AuditSealVerdict, { genuine: true }>;
type Place = NonNullable<AuditVerdict['newest']>;

interface Dependencies {
  readonly auditEvidence: AuditEvidence;
  readonly auditSealEngine: AuditSealEngine;
}

const PAGE = 1_000;
/** SECURITY: whoever can write to the table can put a number in it that nobody could count to. */
const MOST_NAMED = 1_000;

/**
 * Reads all checkpoints, those of the database and those that were kept outside, and finds out what they say together. An outside
 * one vouches for all before it, since each names its predecessor by a hash.
 */
export class AuditCheckpointChain {
  readonly faults: CheckpointFault[] = [];
  readonly distrusted = new Set<string>();
  checkpoints = 0;
  newest: Place | null = null;
  outside: Place | null = null;
  private readonly heads = new Map<string, ChainHead>();
  private readonly points = new Map<string, ChainHead[]>();
  private readonly carried = new Map<string, ChainHead[]>();
  private readonly outsiders = new Map<number, { readonly document: string; readonly opened: Opened }>();
  private last: { readonly number: number; readonly document: string } | undefined;

  constructor(
    private readonly deps: Dependencies,
    private readonly of: {
      readonly context: CallContext;
      readonly keys: readonly KeyRecord[];
      /** Of these chains, every head is kept, not the newest alone. */
      readonly suspects: ReadonlySet<string>;
    },
  ) {}

  async readOutside(documents: readonly string[]): Promise<void> {
    for (const document of documents) {
      const verdict = await this.open(document);
      if (!verdict.genuine) {
        this.faults.push({ kind: 'checkpoint-forged', number: 0, because: `outside: ${verdict.fault}` });
        continue;
      }
      const { number } = verdict.checkpoint;
      const other = this.outsiders.get(number);
      if (other === undefined) this.outsiders.set(number, { document, opened: verdict });
      else if (other.document !== document) this.fault('checkpoint-altered', number, 'two of this number are outside');
      if (number > (this.outside?.number ?? 0)) this.outside = { number, at: verdict.issuedAt * 1_000 };
    }
  }

  async readStored(progress: (checkpoints: number) => void): Promise<void> {
    for (let after = 0; ;) {
      const page = await this.deps.auditEvidence.checkpoints(this.of.context, { after, limit: PAGE });
      for (const { number, document } of page) await this.take(number, document);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.number;
      progress(this.checkpoints);
    }
    this.fillUpTo(this.outside?.number ?? 0);
  }

  expectations(): ChainExpectations {
    return { heads: this.heads, carried: this.carried, points: this.points, sealedAt: this.newest?.at ?? null };
  }

  private async take(number: number, document: string): Promise<void> {
    this.fillUpTo(number - 1);
    const outsider = this.outsiders.get(number);
    if (outsider !== undefined && outsider.document !== document) {
      this.fault('checkpoint-altered', number, 'the one outside is another');
      this.fold(outsider.opened, outsider.document);
      return;
    }
    const verdict = outsider?.opened ?? (await this.open(document));
    if (!verdict.genuine) {
      this.fault('checkpoint-forged', number, verdict.fault);
      this.last = { number, document };
      return;
    }
    if (verdict.checkpoint.number !== number) this.fault('checkpoint-altered', number, 'it is signed for another number');
    this.fold(verdict, document);
  }

  /** Those that the database does not have, from outside where they are. */
  private fillUpTo(number: number): void {
    const first = (this.last?.number ?? 0) + 1;
    if (number < first) return;
    const named = Math.min(number, first + MOST_NAMED - 1);
    for (let missing = first; missing <= named; missing += 1)
      this.fault('checkpoint-missing', missing, 'it is not in the database');
    if (named < number) this.fault('checkpoint-missing', named + 1, `nor are the ${String(number - named - 1)} after it`);
    const within = [...this.outsiders].filter(([each]) => each >= first && each <= number);
    for (const [, { opened, document }] of within.toSorted(([one], [other]) => one - other)) this.fold(opened, document);
  }

  private fold(opened: Opened, document: string): void {
    const { number, previous, heads, carried } = opened.checkpoint;
    this.comparePredecessor(number, previous);
    for (const head of heads) {
      raise(this.heads, head);
      if (this.of.suspects.has(head.chain)) this.points.set(head.chain, [...(this.points.get(head.chain) ?? []), head]);
    }
    for (const head of carried) addCarried(this.carried, head);
    if (opened.isKeyDistrusted) this.distrusted.add(opened.kid);
    this.checkpoints += 1;
    this.last = { number, document };
    this.newest = { number, at: opened.issuedAt * 1_000 };
  }

  private comparePredecessor(number: number, previous: string | null): void {
    const { last } = this;
    if (number === 1 ? previous === null : last?.number !== number - 1) return;
    if (last === undefined || this.deps.auditSealEngine.digestOf(last.document) !== previous) {
      this.fault('checkpoint-altered', Math.max(1, number - 1), 'the one after it names another');
    }
  }

  private open(document: string): Promise<AuditSealVerdict> {
    return this.deps.auditSealEngine.openCheckpoint(this.of.context, document, this.of.keys);
  }

  private fault(kind: CheckpointFaultKind, number: number, because: string): void {
    this.faults.push({ kind, number, because });
  }
}

/** Ascending; one that says less than the last one says nothing. */
export function addCarried(known: Map<string, ChainHead[]>, head: ChainHead): void {
  const before = known.get(head.chain);
  if (before === undefined) known.set(head.chain, [head]);
  else if (head.sequence > (before.at(-1)?.sequence ?? 0)) before.push(head);
}

function raise(known: Map<string, ChainHead>, head: ChainHead): void {
  if (head.sequence > (known.get(head.chain)?.sequence ?? 0)) known.set(head.chain, head);
}
