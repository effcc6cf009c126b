import { CodedError } from '#utilities/errors/coded-error.js';

/** Faults of the socket and of name resolution, as Node names them. */
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOENT',
]);

/**
 * SQLSTATEs that say the server cannot serve at the moment: refused credentials (28, a rotated password), a missing database,
 * a server that became a read-only standby, transactions that the server ended, time-outs and shut-downs.
 */
const SERVER_STATES: ReadonlySet<string> = new Set([
  '28000',
  '28P01',
  '3D000',
  '25006',
  '25P03',
  '25P04',
  '57014',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
]);

/** Connection exceptions, insufficient resources, system errors outside the server. */
const SERVER_CLASSES: ReadonlySet<string> = new Set(['08', '53', '58']);

/** The driver reports these without a code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|Connection ended|timeout exceeded|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/i;

const RETRY_AFTER_SECONDS = 2;

/** Whether the connection, rather than the statement, is at fault; such a connection must not be used again. */
export function isConnectionFault(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isConnectionFault);
  if (!isErrorLike(error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined) return DRIVER_MESSAGES.test(error.message);
  return NETWORK_CODES.has(code) || SERVER_STATES.has(code) || (code.length === 5 && SERVER_CLASSES.has(code.slice(0, 2)));
}

/** What to throw for `error`: `STORE_UNAVAILABLE` for a connection fault, everything else as it is. */
export function asStoreFault(error: unknown): unknown {
  if (!isConnectionFault(error)) return error;
  return new CodedError('STORE_UNAVAILABLE', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    internal: isErrorLike(error) ? error.message : 'connection fault',
    cause: error,
  });
}

/** `instanceof Error` fails for errors of another realm, which Node's own network errors are under some test runners. */
function isErrorLike(error: unknown): error is { readonly message: string } {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
}
