import { randomInt } from 'node:crypto';
import type { ClientAdministration } from '#managers/administration/client-administration.contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';

/** When everything else has started. */
const FIRST_MS = 60_000;
const EVERY_MS = 86_400_000;
/** Spreads the processes of one start. */
const JITTER_MS = 60_000;

interface Dependencies {
  readonly clients: Pick<ClientAdministration, 'clients'>;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** Says once a day which clients are weaker than they have to be, or are about to be shut out. It never keeps a process alive. */
export class ClientWarningsTimer {
  private timer: NodeJS.Timeout | undefined;
  private isRunning = false;

  constructor(private readonly deps: Dependencies) {}

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.schedule(FIRST_MS);
  }

  onModuleDestroy(): void {
    this.isRunning = false;
    clearTimeout(this.timer);
  }

  /** One look at all clients; a failure is logged, and the next day comes. Clients that are kept out are nobody's worry. */
  async tick(): Promise<void> {
    const { clients, ids, logger } = this.deps;
    const diagnosticId = ids.random();
    try {
      for (const { clientId, status, warnings } of await clients.clients({ diagnosticId, transport: 'timer' })) {
        if (status === 'disabled') continue;
        for (const warning of warnings) logger.warn('client.warning', { clientId, warning, diagnosticId });
      }
    } catch (error) {
      logger.error('client.warnings_failed', { code: isCodedError(error) ? error.code : 'INTERNAL', diagnosticId });
    }
  }

  private schedule(milliseconds: number): void {
    this.timer = setTimeout(() => void this.tick().then(() => this.next()), milliseconds + randomInt(JITTER_MS)).unref();
  }

  private next(): void {
    if (this.isRunning) this.schedule(EVERY_MS);
  }
}

export const CLIENT_WARNINGS_TIMER: unique symbol = Symbol('ClientWarningsTimer');
