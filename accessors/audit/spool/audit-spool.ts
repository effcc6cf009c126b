import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditSettings } from '#utilities/config/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { LinkedBatch } from '../chain/audit-chain.js';
import { auditUnavailable } from '../durable-write.js';
import { faultText, isDataFault } from '../write-fault.js';
import { takeSpoolDirectory } from './spool.directory.js';
import { batchOf, SpoolFile, spoolLine } from './spool.file.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const REFUSED = 'refused.spool';

interface Dependencies {
  readonly settings: NonNullable<AuditSettings['spool']>;
  /** Puts a batch into the database; a second time does nothing. */
  readonly insert: (batch: LinkedBatch) => Promise<void>;
  readonly counters: Counters;
  readonly logger: Logger;
}

/**
 * Batches on a disk that outlives the process, while the database is away. They are shipped in their order, with their ids, so that
 * each is in the trail exactly once, whatever is lost on the way.
 *
 * INVARIANT: while one batch is here, those after it come here too: a chain never has a later record before an earlier one.
 */
export class AuditSpool {
  private file: Promise<SpoolFile> | undefined;
  private release: (() => void) | undefined;
  private shipped = 0;
  private holds = false;
  private timer: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private isStopped = false;
  /** What touches the file goes one after the other. */
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: Dependencies) {}

  /** Whether batches must come here. */
  get isInUse(): boolean {
    return this.holds;
  }

  /** On the disk when it returns. @throws CodedError `AUDIT_UNAVAILABLE` when it is full or cannot be written */
  keep(batch: LinkedBatch): Promise<void> {
    this.holds = true;
    return this.alone(async () => {
      try {
        await this.append(spoolLine(batch));
      } catch (error) {
        // A folder that cannot be written must not keep records from a database that is back.
        this.holds = ((await this.file?.catch(() => undefined))?.size ?? 0) > 0;
        this.deps.counters.increment('audit.spool_failures');
        this.deps.logger.error('audit.not_spooled', { fault: faultText(error) });
        throw auditUnavailable('the spool takes no record', error);
      }
      // What was shipped meanwhile may have said that nothing is left.
      this.holds = true;
      this.deps.counters.increment('audit.spooled');
      this.schedule();
    });
  }

  /** Takes up what an earlier process left. */
  async recover(): Promise<void> {
    if (this.file !== undefined) return;
    const file = await this.alone(() => this.opened());
    if (file.size === 0) return;
    this.holds = true;
    this.deps.logger.warn('audit.spool_found', { bytes: file.size });
    this.schedule();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.alone(async () => (await this.file)?.close()).catch(() => undefined);
    this.release?.();
  }

  private async append(line: string): Promise<void> {
    const file = await this.opened();
    if (file.size + Buffer.byteLength(line) >= this.deps.settings.maxBytes) throw new Error('the spool is full');
    await file.append(line);
  }

  private opened(): Promise<SpoolFile> {
    this.file ??= this.openedNow().catch((error: unknown) => {
      this.file = undefined;
      throw error;
    });
    return this.file;
  }

  private async openedNow(): Promise<SpoolFile> {
    this.release ??= takeSpoolDirectory(this.deps.settings.directory);
    return SpoolFile.open(this.deps.settings.directory);
  }

  private schedule(): void {
    if (this.isStopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.ship();
    }, this.pauseMs).unref();
  }

  /** Until everything is in the database, or the database is away again. */
  private async ship(): Promise<void> {
    try {
      while (!this.isStopped && (await this.shipOne()));
      this.pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      this.deps.logger.warn('audit.spool_waits', { fault: faultText(error) });
      this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
      this.schedule();
    }
  }

  private async shipOne(): Promise<boolean> {
    const found = await this.alone(() => this.next());
    if (found === undefined) return false;
    try {
      await this.deps.insert(batchOf(found.line));
    } catch (error) {
      if (!isDataFault(error)) throw error;
      // What no table can hold must not stand in the way of all that comes after it.
      this.deps.logger.error('audit.spool_refused', { fault: faultText(error) });
      await appendFile(join(this.deps.settings.directory, REFUSED), `${found.line}\n`, { mode: 0o600, flush: true });
    }
    this.shipped = found.next;
    return true;
  }

  /** Empties the file when nothing is left in it; from then on batches go to the database again. */
  private async next(): Promise<{ readonly line: string; readonly next: number } | undefined> {
    const file = await this.opened();
    const found = await file.lineAt(this.shipped);
    if (found !== undefined) return found;
    await file.clear();
    this.shipped = 0;
    this.holds = false;
    this.deps.logger.info('audit.spool_shipped', {});
    return undefined;
  }

  private alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.tail.then(work);
    this.tail = result.catch(() => undefined);
    return result;
  }
}
