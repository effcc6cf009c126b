import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#utilities/clock/contract.js';
import type { AuditSettings } from '#utilities/config/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { LinkedBatch } from '../chain/audit-chain.js';
import { auditUnavailable } from '../durable-write.js';
import { faultText, isDataFault } from '../write-fault.js';
import { SpoolDirectory } from './spool.directory.js';
import { batchOf, partOf, type SpoolFile, spoolLine } from './spool.file.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** Whoever lives shows it this often, and looks as often for what others left. */
const BEAT_MS = 5_000;
const REFUSED = 'refused.spool';
const TRIES = 3;

interface Dependencies {
  readonly settings: NonNullable<AuditSettings['spool']>;
  /** Puts a batch into the database; a second time does nothing. */
  readonly insert: (batch: LinkedBatch) => Promise<void>;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
}

/**
 * Batches on a disk that outlives the process, while the database is away. They are shipped in their order, with their ids, so that
 * each is in the trail exactly once, whatever is lost on the way.
 *
 * INVARIANT: while one batch is here, those after it come here too: a chain never has a later record before an earlier one. What
 * ended processes left is of other chains.
 */
export class AuditSpool {
  private readonly directory: SpoolDirectory;
  private own: SpoolFile | undefined;
  private inherited: readonly SpoolFile[] = [];
  private othersBytes = 0;
  private holds = false;
  private timer: NodeJS.Timeout | undefined;
  private beats: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private isStopped = false;
  /** What touches the files goes one after the other. */
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: Dependencies) {
    this.directory = new SpoolDirectory({ ...deps, directory: deps.settings.directory });
  }

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
        this.holds = (this.own?.size ?? 0) > 0;
        this.deps.counters.increment('audit.spool_failures');
        this.deps.logger.error('audit.not_spooled', { fault: faultText(error) });
        throw auditUnavailable('the spool takes no record', error);
      }
      // What was shipped meanwhile may have said that nothing is left.
      this.holds = true;
      this.deps.counters.increment('audit.spooled');
      this.beat();
      this.schedule();
    });
  }

  /** Takes up what earlier processes left: at once what they left on purpose, and what nobody has shown to be his for 30 s. */
  async recover(): Promise<void> {
    if (this.isStopped) return;
    await this.looked();
    this.beat();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.beats);
    await this.alone(async () => {
      for (const file of [...this.inherited, ...(this.own === undefined ? [] : [this.own])])
        await file.leave(file.shipped < file.size ? this.directory.leftName() : undefined);
    }).catch(() => undefined);
  }

  private async append(line: string): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      this.own ??= await this.directory.own();
      const { own } = this;
      const held = [own, ...this.inherited].reduce((sum, { size }) => sum + size, this.othersBytes);
      if (held + Buffer.byteLength(line) >= this.deps.settings.maxBytes) throw new Error('the spool is full');
      await own.append(line);
      if (await own.isInPlace()) return;
      // Somebody took this process for dead, and may have read the file before this line was in it.
      this.deps.logger.warn('audit.spool_taken', { next: 'two processes share the folder, and this one stood still for 30 s' });
      this.own = undefined;
      await own.leave(undefined);
    }
    throw new Error('the spool was taken away');
  }

  private beat(): void {
    if (this.isStopped || this.beats !== undefined) return;
    this.beats = setTimeout(() => {
      this.beats = undefined;
      void this.looked().then(() => this.beat());
    }, BEAT_MS).unref();
  }

  /** A folder that cannot be looked at stands in the way of nothing else. */
  private looked(): Promise<void> {
    return this.alone(() => this.look()).catch((error: unknown) => {
      const next = 'tried again in 5 s: see that this process may read and write audit.spool.directory';
      this.deps.logger.warn('audit.spool_unseen', { fault: faultText(error), next });
    });
  }

  private async look(): Promise<void> {
    const now = new Date(this.deps.clock.now());
    for (const file of [...this.inherited, ...(this.own === undefined ? [] : [this.own])]) await file.touch(now);
    const { files, othersBytes } = await this.directory.takeOver();
    this.othersBytes = othersBytes;
    if (files.length === 0) return;
    this.inherited = [...this.inherited, ...files];
    this.deps.logger.warn('audit.spool_found', { bytes: files.reduce((sum, { size }) => sum + size, 0) });
    this.schedule();
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
    await this.put(batchOf(found.line));
    found.file.shipped = found.next;
    return true;
  }

  /** What no table can hold must stand in the way neither of what comes after it, nor of what came with it. */
  private async put(batch: LinkedBatch): Promise<void> {
    try {
      await this.deps.insert(batch);
    } catch (error) {
      if (!isDataFault(error)) throw error;
      const { length } = batch.rows;
      if (length === 1) return this.setAside(batch, error);
      await this.put(partOf(batch, 0, length >> 1));
      await this.put(partOf(batch, length >> 1, length));
    }
  }

  private async setAside(batch: LinkedBatch, error: unknown): Promise<void> {
    this.deps.logger.error('audit.spool_refused', {
      fault: faultText(error),
      chain: batch.head.chain,
      sequence: batch.head.sequence,
      next: `the record is in ${REFUSED}, and its chain has a gap there: keep the file`,
    });
    await appendFile(join(this.deps.settings.directory, REFUSED), `${spoolLine(batch)}\n`, { mode: 0o600, flush: true });
  }

  /** Those of ended processes first. Our own is emptied when nothing is left in it; from then on batches go to the database again. */
  private async next(): Promise<{ readonly file: SpoolFile; readonly line: string; readonly next: number } | undefined> {
    for (const file of this.inherited) {
      const found = await file.nextLine();
      if (found !== undefined) return { file, ...found };
      this.inherited = this.inherited.filter((each) => each !== file);
      await file.leave(undefined);
    }
    const found = await this.own?.nextLine();
    if (this.own !== undefined && found !== undefined) return { file: this.own, ...found };
    await this.own?.clear();
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
