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

  /** One look; a failure is logged and tried again at the next one. */
  async tick(): Promise<void> {
    if (this.ticks % UPKEEP_EVERY_TICKS === 0) await this.upkeep();
    this.ticks += 1;
    await this.seal();
  }

  private seal(): Promise<void> {
    return this.watched('audit.seal_failed', async (context) => {
      await this.deps.audit.seal(context);
    });
  }

  private upkeep(): Promise<void> {
    return this.watched('audit.upkeep_failed', async (context) => {
      const { partitions, strayBytes, dropped } = await this.deps.audit.upkeep(context);
      const { logger } = this.deps;
      if (dropped.length > 0) logger.info('audit.partitions_dropped', { dropped });
      if (partitions.blocked > 0 || strayBytes > 0)
        logger.error('audit.partition_missing', { days: partitions.blocked, strayBytes });
    });
  }

  private async watched(event: `${string}.${string}`, work: (context: CallContext) => Promise<void>): Promise<void> {
    const diagnosticId = this.deps.ids.random();
    try {
      await work({ diagnosticId, transport: 'timer' });
    } catch (error) {
      this.deps.logger.error(event, { code: isCodedError(error) ? error.code : 'INTERNAL', diagnosticId });
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => void this.tick().then(() => this.next()), SEAL_EVERY_MS).unref();
  }

  private next(): void {
    if (this.isRunning) this.schedule();
  }
}

export const AUDIT_TIMER: unique symbol = Symbol('AuditTimer');
