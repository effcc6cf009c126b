import type { AuditAdministration } from '#managers/administration/audit-administration.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';

/** Twice within the 10 s by which a record is in a checkpoint outside of the database. */
const SEAL_EVERY_MS = 5_000;
/** Upkeep at the start, and then about once an hour. */
const UPKEEP_EVERY_TICKS = 720;
/** Nothing at the end of a process waits for longer. */
const LAST_SEAL_LIMIT_MS = 3_000;
/** Faults that one line of the log names. */
const MOST_NAMED = 10;

/** What whoever reads the log does about it. */
const SEAL_NEXT =
  'tried again in 5 s; if it goes on, see the page of the code: SIGNING_UNAVAILABLE is about keys, STORE_UNAVAILABLE about PostgreSQL. ' +
  'What is recorded meanwhile is in no checkpoint: run countersign audit verify once it is mended';
const UPKEEP_NEXT = 'tried again within the hour; see the page of the code; partitions are made for seven days ahead';
const RETENTION_NEXT =
  'nothing was dropped: run countersign audit verify, which says where, keep an export and a copy of the database, and find out who wrote to it';
const PARTITION_NEXT =
  'records of these days are in audit_record_rest, which retention does not reach: docs/operating/audit.md, Retention';

interface Dependencies {
  readonly audit: Pick<AuditAdministration, 'seal' | 'upkeep'>;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** Makes checkpoints of the audit trail, and keeps its partitions. It never keeps a process alive. */
export class AuditTimer {
  private timer: NodeJS.Timeout | undefined;
  private isRunning = false;
  private ticks = 0;
  private underway: Promise<void> | undefined;

  constructor(private readonly deps: Dependencies) {}

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.schedule();
  }

  /** Once more at the end, so that what this process recorded last is in a checkpoint too. */
  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    if (!this.isRunning) return;
    this.isRunning = false;
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (late = setTimeout(resolve, LAST_SEAL_LIMIT_MS)));
    await Promise.race([this.seal(), limit]);
    clearTimeout(late);
  }

  /** One look; a failure is logged and tried again at the next one. Checkpoints do not wait for upkeep, which may take long. */
  async tick(): Promise<void> {
    const kept = this.upkeepIfDue();
    await this.seal();
    await kept;
  }

  private upkeepIfDue(): Promise<void> {
    const isDue = this.ticks % UPKEEP_EVERY_TICKS === 0;
    this.ticks += 1;
    if (isDue)
      this.underway ??= this.upkeep().finally(() => {
        this.underway = undefined;
      });
    return this.underway ?? Promise.resolve();
  }

  private seal(): Promise<void> {
    return this.watched('audit.seal_failed', SEAL_NEXT, async (context) => {
      await this.deps.audit.seal(context);
    });
  }

  private upkeep(): Promise<void> {
    return this.watched('audit.upkeep_failed', UPKEEP_NEXT, async (context) => {
      const { partitions, strayBytes, dropped, refused } = await this.deps.audit.upkeep(context);
      const { logger } = this.deps;
      if (dropped.length > 0) logger.info('audit.partitions_dropped', { dropped });
      const kinds = [...new Set(refused.map(({ kind, chain }) => `${kind} ${chain ?? ''}`.trim()))].slice(0, MOST_NAMED);
      if (kinds.length > 0) logger.error('audit.retention_refused', { faults: refused.length, kinds, next: RETENTION_NEXT });
      if (partitions.blocked > 0 || strayBytes > 0)
        logger.error('audit.partition_missing', { days: partitions.blocked, strayBytes, next: PARTITION_NEXT });
    });
  }

  private async watched(
    event: `${string}.${string}`,
    next: string,
    work: (context: CallContext) => Promise<void>,
  ): Promise<void> {
    const diagnosticId = this.deps.ids.random();
    try {
      await work({ diagnosticId, transport: 'timer' });
    } catch (error) {
      this.deps.logger.error(event, { code: isCodedError(error) ? error.code : 'INTERNAL', diagnosticId, next });
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      void this.upkeepIfDue();
      void this.seal().then(() => this.next());
    }, SEAL_EVERY_MS).unref();
  }

  private next(): void {
    if (this.isRunning) this.schedule();
  }
}

export const AUDIT_TIMER: unique symbol = Symbol('AuditTimer');
