/**
 * Hides where log lines go and in which shape. Anyone may call.
 * SECURITY: never pass a token, a secret, a key or raw claims; fields are written as they are.
 */
export interface Logger {
  debug(event: LogEvent, fields?: LogFields): void;
  info(event: LogEvent, fields?: LogFields): void;
  warn(event: LogEvent, fields?: LogFields): void;
  error(event: LogEvent, fields?: LogFields): void;
}

/** A stable dotted event name, `area.happening`: what an operator searches for. */
export type LogEvent = `${string}.${string}`;

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined | readonly string[]>>;

export const LOGGER: unique symbol = Symbol('Logger');
