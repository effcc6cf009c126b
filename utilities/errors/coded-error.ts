import { CATALOGUE, type ErrorCode } from './catalogue.js';

export interface ErrorDetails {
  /** The request parameter at fault, in its protocol spelling (`subject_token`). */
  readonly field?: string;
  /** Seconds after which a retry may succeed; set for transient faults alone. */
  readonly retryAfterSeconds?: number;
  /** What was found, safe to show to the caller. */
  readonly actual?: string;
  /** What was expected, safe to show to the caller. */
  readonly expected?: string;
  /** For the operator's log and audit record alone; never leaves the process. */
  readonly internal?: string;
  /** Base64 of a claims request (OpenID Connect Core §5.5) that the client is to acquire a new subject token with: step-up. */
  readonly claims?: string;
  /** What the next DPoP proof has to have (RFC 9449 §8). */
  readonly nonce?: string;
  readonly cause?: unknown;
}

/**
 * The one error class. Its `code` is stable and public; its message is the catalogue's summary and safe for any caller.
 * Transports turn it into OAuth, HTTP and gRPC shapes by one table.
 */
export class CodedError extends Error {
  override readonly name = 'CodedError';

  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
  ) {
    super(CATALOGUE[code].summary, details.cause === undefined ? undefined : { cause: details.cause });
  }
}

/** Tells whether `error` is a `CodedError`; safe across module realms, where `instanceof` is not. */
export function isCodedError(error: unknown): error is CodedError {
  return error instanceof Error && error.name === 'CodedError' && 'code' in error && (error.code as string) in CATALOGUE;
}
