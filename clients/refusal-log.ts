import type { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger, LogEvent } from '#utilities/logging/contract.js';

/** Codes that anybody can cause without a credential: counted elsewhere, logged for debugging alone, so that nobody can fill a disk. */
const UNAUTHENTICATED: ReadonlySet<string> = new Set([
  'CLIENT_UNAUTHENTICATED',
  'OPERATOR_UNAUTHENTICATED',
  'GRANT_UNSUPPORTED',
  'REQUEST_PARAMETER_MISSING',
  'CLIENT_AUTHENTICATION_AMBIGUOUS',
  'REQUEST_MALFORMED',
  'REQUEST_PARAMETER_REPEATED',
  'REQUEST_CONTENT_TYPE_UNSUPPORTED',
  'REQUEST_TOO_LARGE',
  'REQUEST_HEADERS_TOO_LARGE',
  'REQUEST_NOT_FOUND',
  'REQUEST_METHOD_NOT_ALLOWED',
  'CLIENT_ASSERTION_INVALID',
  'CLIENT_CERTIFICATE_NOT_TAKEN',
  'DPOP_PROOF_INVALID',
  'DPOP_NONCE_REQUIRED',
]);

export interface Refusal {
  readonly diagnosticId: string;
  readonly error: CodedError;
  /** What `error` was made of. */
  readonly thrown: unknown;
}

/** One line for operators under the diagnostic id of the answer, with what the caller is not told. */
export function logRefusal(logger: Logger, event: LogEvent, refusal: Refusal): void {
  const { diagnosticId, error, thrown } = refusal;
  const { field, actual, expected, internal, cause } = error.details;
  const fields = { diagnosticId, code: error.code, field, actual, expected, internal };
  if (error.code === 'INTERNAL') {
    logger.error(event, { ...fields, fault: describe(cause ?? thrown) });
    return;
  }
  if (UNAUTHENTICATED.has(error.code)) logger.debug(event, fields);
  else logger.info(event, { ...fields, ...(cause === undefined ? {} : { cause: describe(cause) }) });
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : typeof thrown;
}
