import type { LoggerService } from '@nestjs/common';
import type { Logger } from '#utilities/logging/contract.js';

/** Nest's own messages in our log: faults and warnings; its start-up chatter is left out. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(): void {
    /* start-up chatter */
  }

  error(message: unknown): void {
    this.logger.error('nest.error', { message: String(message) });
  }

  warn(message: unknown): void {
    this.logger.warn('nest.warning', { message: String(message) });
  }
}
