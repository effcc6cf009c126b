import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuditSettings } from '#utilities/config/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type {
  AuditEvidence,
  ChainExpectations,
  ChainFault,
  ChainHead,
  ChainInspectionReport,
  CheckpointRange,
  ErasedRecords,
  NewCheckpoint,
  StoredCheckpoint,
  TrailPart,
} from './audit-evidence.contract.js';
import { ChainInspection } from './chain/chain-inspection.js';
import { anchorAtUrl, anchoredIn, anchorInFile } from './checkpoint.anchor.js';
import { faultText, fileFault } from './write-fault.js';
import { type EvidenceStore, PAGE_OF_RECORDS, type WalkPosition } from './evidence.store.js';

const AT_ONCE = 500;

interface Dependencies {
  readonly store: EvidenceStore;
  readonly anchor: AuditSettings['anchor'];
  readonly counters: Counters;
  readonly logger: Logger;
}

export class PostgresAuditEvidence implements AuditEvidence {
  constructor(private readonly deps: Dependencies) {}

  hasUnsealed(_context: CallContext): Promise<boolean> {
    return this.deps.store.hasUnsealed();
  }

  takeLease(_context: CallContext, holder: string, seconds: number): Promise<boolean> {
    return this.deps.store.takeLease(holder, seconds);
  }

  unsealedHeads(_context: CallContext, limit: number): Promise<readonly ChainHead[]> {
    return this.deps.store.unsealedHeads(limit);
  }

  addCheckpoint(_context: CallContext, checkpoint: NewCheckpoint): Promise<boolean> {
    return this.deps.store.addCheckpoint(checkpoint);
  }

  lastCheckpoint(_context: CallContext): Promise<StoredCheckpoint | undefined> {
    return this.deps.store.lastCheckpoint();
  }

  checkpoints(_context: CallContext, range: CheckpointRange): Promise<readonly StoredCheckpoint[]> {
    return this.deps.store.checkpoints(range);
  }

  async anchor(_context: CallContext): Promise<number> {
    const { store, counters, logger } = this.deps;
    let anchored = 0;
    for (const checkpoint of await store.unanchored(AT_ONCE)) {
      try {
        await this.putOutside(checkpoint);
      } catch (error) {
        counters.increment('audit.anchor_failures');
        logger.error('audit.checkpoint_not_anchored', { number: checkpoint.number, fault: faultText(error) });
        return anchored;
      }
      await store.markAnchored(checkpoint.number);
      anchored += 1;
    }
    return anchored;
  }

  async anchored(_context: CallContext, files: readonly string[]): Promise<readonly string[]> {
    const { file } = this.deps.anchor;
    const configured = file === null ? [] : await anchoredIn(file).catch(absent);
    const named = await Promise.all(files.map((name) => anchoredIn(name)));
    return [...new Set([...configured, ...named.flat()])];
  }

  async inspect(
    _context: CallContext,
    expected: ChainExpectations,
    progress: (records: number) => void,
  ): Promise<ChainInspectionReport> {
    const inspection = new ChainInspection(expected);
    if (expected.part === undefined) await this.walkAll(inspection, progress);
    else await this.walkPart(inspection, expected.part);
    const report = inspection.end();
    const strays = await this.strays(expected.part?.before ?? null);
    const erased = expected.part === undefined ? await this.withOlder(report.erased) : report.erased;
    return { ...report, faults: [...report.faults, ...strays], erased };
  }

  private async walkAll(inspection: ChainInspection, progress: (records: number) => void): Promise<void> {
    let position: WalkPosition | null = null;
    for (let records = 0; ;) {
      const page = await this.deps.store.recordsAfter(position);
      for (const record of page) inspection.add(record);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_OF_RECORDS) return;
      position = last;
      records += page.length;
      progress(records);
    }
  }

  private async walkPart(inspection: ChainInspection, { ends }: TrailPart): Promise<void> {
    for (const [chain, until] of ends) for await (const record of this.deps.store.recordsOf(chain, until)) inspection.add(record);
  }

  private async withOlder({ inChains, accountedFor }: ErasedRecords): Promise<ErasedRecords> {
    const records = await this.deps.store.erasedBeforeChains();
    return { inChains: records === 0 ? inChains : [{ chain: null, records }, ...inChains], accountedFor };
  }

  private async putOutside({ number, document }: StoredCheckpoint): Promise<void> {
    const { anchor, logger } = this.deps;
    // The log is outside too, wherever it is collected; it is written even where nothing else is configured.
    logger.info('audit.checkpoint', { number, document });
    if (anchor.file !== null) await anchorInFile(anchor.file, document);
    if (anchor.url !== null) await anchorAtUrl({ url: anchor.url, bearerFile: anchor.bearerFile }, document);
  }

  private async strays(before: number | null): Promise<readonly ChainFault[]> {
    const stray = await this.deps.store.unchained(before);
    if (stray === undefined) return [];
    return [{ kind: 'unchained', chain: null, sequence: null, count: 1, recordId: stray.id, at: stray.at }];
  }
}

/** The configured file is there once there is a checkpoint. */
function absent(error: unknown): readonly string[] {
  if (fileFault(error) === 'ENOENT') return [];
  throw error;
}
