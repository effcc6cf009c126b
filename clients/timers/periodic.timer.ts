import { randomInt } from 'node:crypto';
import type { CallContext } from '#utilities/call-context/contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Logger } from '#utilities/logging/contract.js';

/** What every timer stands on. */
export interface TimerParts {
  readonly ids: IdSource;
  readonly logger: Logger;
}

export interface Rhythm {
  readonly everyMs: number;
  /** Added to each wait by chance, so that the processes of one start do not all do it at the same moment. */
  readonly jitterMs: number;
  /** Left out: `everyMs`. */
  readonly firstMs?: number;
  /** Log event of a round that failed, and what whoever reads it does about it. */
  readonly failure: { readonly event: `${string}.${string}`; readonly next: string };
}

/** Does something again and again; the next wait begins when the last round has ended. It never keeps a process alive. */
export abstract class PeriodicTimer {
  private timer: NodeJS.Timeout | undefined;
  private isRunning = false;

  constructor(
    protected readonly parts: TimerParts,
    private readonly rhythm: Rhythm,
  ) {}

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.schedule(this.rhythm.firstMs ?? this.rhythm.everyMs);
  }

  onModuleDestroy(): void {
    this.isRunning = false;
    clearTimeout(this.timer);
  }

  /** One round; a failure is logged and tried again at the next one. */
  async tick(): Promise<void> {
    const diagnosticId = this.parts.ids.random();
    try {
      await this.round({ diagnosticId, transport: 'timer' });
    } catch (error) {
      const { event, next } = this.rhythm.failure;
      this.parts.logger.error(event, { code: isCodedError(error) ? error.code : 'INTERNAL', diagnosticId, next });
    }
  }

  protected abstract round(context: CallContext): Promise<void>;

  private schedule(milliseconds: number): void {
    this.timer = setTimeout(
      () => void this.tick().then(() => this.next()),
      milliseconds + randomInt(this.rhythm.jitterMs),
    ).unref();
  }

  private next(): void {
    if (this.isRunning) this.schedule(this.rhythm.everyMs);
  }
}
