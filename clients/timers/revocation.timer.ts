import { randomInt } from 'node:crypto';
import type { RevocationAdministration } from '#managers/administration/revocation-administration.contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';

const EVERY_MS = 600_000;
/** Spreads the processes of one start. Any number of them may do it: rows that one is removing the others leave to it. */
const JITTER_MS = 120_000;

interface Dependencies {
  readonly administration: Pick<RevocationAdministration, 'removeEnded'>;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** Forgets ended revocations, about every ten minutes. It never keeps a process alive. */
export class RevocationTimer {
  private timer: NodeJS.Timeout | undefined;
  private isRunning = false;

  constructor(private readonly deps: Dependencies) {}

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.schedule();
  }

  onModuleDestroy(): void {
    this.isRunning = false;
    clearTimeout(this.timer);
  }

  /** One round; a failure is logged and tried again at the next one. */
  async tick(): Promise<void> {
    const { administration, ids, logger } = this.deps;
    const diagnosticId = ids.random();
    try {
      const removed = await administration.removeEnded({ diagnosticId, transport: 'timer' });
      if (removed > 0) logger.info('revocations.forgotten', { removed, diagnosticId });
    } catch (error) {
      logger.error('revocations.not_forgotten', { code: isCodedError(error) ? error.code : 'INTERNAL', diagnosticId });
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => void this.tick().then(() => this.next()), EVERY_MS + randomInt(JITTER_MS)).unref();
  }

  private next(): void {
    if (this.isRunning) this.schedule();
  }
}

export const REVOCATION_TIMER: unique symbol = Symbol('RevocationTimer');
