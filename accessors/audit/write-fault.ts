import { isCodedError } from '#utilities/errors/coded-error.js';

/** SQLSTATE classes that blame the data of the statement: data exception, integrity constraint violation. */
const DATA_FAULT = /^2[23]/;
/** Classes that blame the statement itself, the schema or the rights: another try changes nothing. */
const STATEMENT_FAULT = /^(?:0A|42)/;
/** Classes that pass by themselves: deadlocks, locks that were not to be had, a server that shuts down. */
const PASSING_FAULT = /^(?:40|55|57)/;

/** Whether one of the rows is at fault rather than the database. */
export function isDataFault(error: unknown): boolean {
  return DATA_FAULT.test(sqlState(error));
}

/** Whether the statement can never succeed, whatever its rows. */
export function isStatementFault(error: unknown): boolean {
  return STATEMENT_FAULT.test(sqlState(error));
}

/** Whether the same write may well succeed later. */
export function isPassingFault(error: unknown): boolean {
  return isCodedError(error) ? error.code === 'STORE_UNAVAILABLE' : PASSING_FAULT.test(sqlState(error));
}

/** SECURITY: the state and the code alone; the message of a database error can quote the values of a row. */
export function faultText(error: unknown): string {
  if (isCodedError(error)) return `${error.code} ${sqlState(error.cause)}`.trim();
  return sqlState(error) || fileFault(error) || (error instanceof Error ? error.name : 'unknown');
}

/** What the operating system calls it: `ENOENT`, `ENOSPC`; empty: it is no fault of that kind. */
export function fileFault(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : '';
}

function sqlState(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : '';
}
