import type { LogEvent, LogFields, Logger } from '#utilities/logging/contract.js';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: LogEvent;
  readonly fields: LogFields;
}

/** Writes nowhere and keeps every line for a test to look at. */
export class SilentLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(event: LogEvent, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', event, fields });
  }

  info(event: LogEvent, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', event, fields });
  }

  warn(event: LogEvent, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', event, fields });
  }

  error(event: LogEvent, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', event, fields });
  }
}
