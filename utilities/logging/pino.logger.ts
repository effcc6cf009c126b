import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import type { Clock } from '#utilities/clock/contract.js';
import type { LogEvent, LogFields, Logger } from './contract.js';
import { safeLogValue } from './log-value.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const STANDARD_ERROR = 2;
/** Members that every line has; a field of the same name is kept beside them under another. */
const RESERVED: ReadonlySet<string> = new Set(['level', 'time', 'event']);

export interface PinoLoggerDeps {
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Where lines go; standard error when left out, so that the output of a command stays clean. */
  readonly destination?: DestinationStream;
}

/** One JSON object a line: `level`, `time` in Unix milliseconds, `event`, then the fields. */
export class PinoLogger implements Logger {
  private readonly pino: Pino;

  constructor(deps: PinoLoggerDeps) {
    this.pino = pino(
      {
        level: deps.level,
        base: null,
        timestamp: () => `,"time":${deps.clock.now()}`,
        formatters: { level: (label) => ({ level: label }) },
      },
      deps.destination ?? pino.destination({ dest: STANDARD_ERROR, sync: true }),
    );
  }

  debug(event: LogEvent, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('debug')) this.pino.debug(line(event, fields));
  }

  info(event: LogEvent, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('info')) this.pino.info(line(event, fields));
  }

  warn(event: LogEvent, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('warn')) this.pino.warn(line(event, fields));
  }

  error(event: LogEvent, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('error')) this.pino.error(line(event, fields));
  }
}

function line(event: LogEvent, fields: LogFields = {}): LogFields {
  const safe = Object.entries(fields).map(
    ([name, value]) => [RESERVED.has(name) ? `field_${name}` : name, safeLogValue(value)] as const,
  );
  return { event, ...Object.fromEntries(safe) };
}
