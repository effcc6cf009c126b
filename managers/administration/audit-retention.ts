import type { AuditEvidence, ChainFault, ChainHead, CheckpointRange } from '#accessors/audit/audit-evidence.contract.js';
import type { AuditTrail, ChainEnd } from '#accessors/audit/audit-trail.contract.js';
import type { KeyRecord } from '#accessors/key/contract.js';
import type { AuditCheckpoint, AuditSealEngine } from '#engines/signing/audit-seal.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { addCarried } from './audit-checkpoint-chain.js';

/** Each is verified, which takes a tenth of a millisecond; requests are answered between pages. */
const PAGE = 50;
/** A checkpoint has a record within seconds; clocks of hosts and the database differ by less than this. */
const BEFORE_MS = 86_400_000;

interface Dependencies {
  readonly auditEvidence: Pick<AuditEvidence, 'checkpoints' | 'inspect'>;
  readonly auditTrail: Pick<AuditTrail, 'endsBefore'>;
  readonly auditSealEngine: Pick<AuditSealEngine, 'openCheckpoint'>;
}

export interface RetentionOrder {
  readonly keys: readonly KeyRecord[];
  /** Records from before that day (`YYYY-MM-DD`, UTC) are to go. */
  readonly day: string;
}

/** What may be signed as gone: all of it or, where anything is wrong, nothing. */
export interface RetentionFinding {
  readonly ends: readonly ChainEnd[];
  readonly faults: readonly ChainFault[];
}

/**
 * Looks at what retention is about to drop.
 *
 * SECURITY: what is signed as carried over is looked at by nobody any more. So it has to be what was written: each chain, from where
 * the last carry left it, record by record up to a head that a checkpoint named while the records were new.
 */
export class AuditRetention {
  constructor(private readonly deps: Dependencies) {}

  async inspect(context: CallContext, order: RetentionOrder): Promise<RetentionFinding> {
    const ends = await this.deps.auditTrail.endsBefore(context, order.day);
    const carried = ends.length === 0 ? new Map<string, ChainHead[]>() : await this.carried(context, order.keys);
    const heads = await this.headsOver(context, order.keys, ends);
    const provable = new Map([...heads].map(([chain, { sequence }]) => [chain, sequence]));
    const part = { ends: provable, before: Date.parse(order.day) };
    const report = await this.deps.auditEvidence.inspect(context, { heads, carried, sealedAt: null, part }, () => undefined);
    const unproven = ends.filter(({ chain }) => !heads.has(chain)).map(unsealed);
    return { ends, faults: [...unproven, ...report.faults] };
  }

  private async carried(context: CallContext, keys: readonly KeyRecord[]): Promise<ReadonlyMap<string, readonly ChainHead[]>> {
    const known = new Map<string, ChainHead[]>();
    for await (const { carried } of this.genuine(context, keys, { carrying: true }))
      for (const head of carried) addCarried(known, head);
    return known;
  }

  /** For each chain, the first head at or behind its end. */
  private async headsOver(
    context: CallContext,
    keys: readonly KeyRecord[],
    ends: readonly ChainEnd[],
  ): Promise<ReadonlyMap<string, ChainHead>> {
    const found = new Map<string, ChainHead>();
    const wanted = new Map(ends.filter(isPlace).map((end) => [end.chain, end.sequence]));
    if (wanted.size === 0) return found;
    const since = ends.reduce((earliest, { at }) => Math.min(earliest, at), Infinity) - BEFORE_MS;
    for await (const { heads } of this.genuine(context, keys, { since })) {
      for (const head of heads) {
        if (head.sequence < (wanted.get(head.chain) ?? Infinity)) continue;
        wanted.delete(head.chain);
        found.set(head.chain, head);
      }
      if (wanted.size === 0) break;
    }
    return found;
  }

  /** Those with a good signature of ours; what else there is proves nothing, and `verify` tells of it. */
  private async *genuine(
    context: CallContext,
    keys: readonly KeyRecord[],
    range: Pick<CheckpointRange, 'carrying' | 'since'>,
  ): AsyncGenerator<AuditCheckpoint> {
    const { auditEvidence, auditSealEngine } = this.deps;
    for (let after = 0; ;) {
      const page = await auditEvidence.checkpoints(context, { ...range, after, limit: PAGE });
      for (const { document } of page) {
        const verdict = await auditSealEngine.openCheckpoint(context, document, keys);
        if (verdict.genuine) yield verdict.checkpoint;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.number;
    }
  }
}

function isPlace({ sequence }: ChainEnd): boolean {
  return Number.isSafeInteger(sequence) && sequence >= 1;
}

function unsealed({ chain, sequence, recordId, at }: ChainEnd): ChainFault {
  return { kind: 'unsealed', chain, sequence, count: 1, recordId, at };
}
