import { randomInt } from 'node:crypto';
import type { KeyringManager } from '#managers/keyring/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';

const EVERY_MS = 60_000;
/** Spreads the processes of one start, so that they do not all ask for the lease at the same moment. */
const JITTER_MS = 15_000;

interface Dependencies {
  readonly keyring: Pick<KeyringManager, 'advance'>;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** Does the steps of rotation that are due, about once a minute. It never keeps a process alive. */
export class KeyringTimer {
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

  /** One look; a failure is logged and tried again at the next one. */
  async tick(): Promise<void> {
    const { keyring, ids, logger } = this.deps;
    const diagnosticId = ids.random();
    try {
      const { done } = await keyring.advance({ diagnosticId, transport: 'timer' });
      for (const { kind, kid, algorithm } of done)
        logger.info('keyring.advanced', { kind, kid: kid ?? 'new', algorithm, diagnosticId });
    } catch (error) {
      logger.error('keyring.advance_failed', { code: isCodedError(error) ? error.code : 'INTERNAL', diagnosticId });
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => void this.tick().then(() => this.next()), EVERY_MS + randomInt(JITTER_MS)).unref();
  }

  private next(): void {
    if (this.isRunning) this.schedule();
  }
}

export const KEYRING_TIMER: unique symbol = Symbol('KeyringTimer');
