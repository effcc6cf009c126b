import type { CodedError } from '#utilities/errors/coded-error.js';
import { ERROR_MAPPING } from '../error-mapping.js';

/** Retry hint for transient faults that come without one. */
const DEFAULT_RETRY_SECONDS = 5;

export function oauthErrorStatus(error: CodedError): number {
  return ERROR_MAPPING[error.code].http;
}

/** The error object of RFC 6749 §5.2 with the stable code and the diagnostic id. Holds nothing that is for operators alone. */
export function oauthErrorBody(error: CodedError, diagnosticId: string): Readonly<Record<string, string>> {
  const { field, expected, actual, claims } = error.details;
  return {
    error: ERROR_MAPPING[error.code].oauth,
    error_description: error.message,
    code: error.code,
    diagnostic_id: diagnosticId,
    ...(field === undefined ? {} : { field }),
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
    ...(claims === undefined ? {} : { claims }),
  };
}

export function oauthErrorHeaders(error: CodedError): Readonly<Record<string, string>> {
  const status = oauthErrorStatus(error);
  return {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    pragma: 'no-cache',
    ...challengeOf(error),
    ...(error.details.nonce === undefined ? {} : { 'dpop-nonce': error.details.nonce }),
    ...(status === 503 || status === 429
      ? { 'retry-after': String(error.details.retryAfterSeconds ?? DEFAULT_RETRY_SECONDS) }
      : {}),
  };
}

/** RFC 9449 §9: the proof needs the nonce in the answer. */
const DPOP_CHALLENGE = 'DPoP realm="countersign", error="use_dpop_nonce", algs="ES256 EdDSA Ed25519 PS256 RS256"';

/** How to authenticate (RFC 9110 §11.6.1): clients by Basic, operators by a bearer token (RFC 6750 §3). */
function challengeOf(error: CodedError): Readonly<Record<string, string>> {
  const { oauth, http } = ERROR_MAPPING[error.code];
  if (error.details.nonce !== undefined && http === 401) return { 'www-authenticate': DPOP_CHALLENGE };
  if (oauth === 'invalid_token' || oauth === 'insufficient_scope') {
    return { 'www-authenticate': `Bearer realm="countersign", error="${oauth}"` };
  }
  return http === 401 ? { 'www-authenticate': 'Basic realm="countersign", charset="UTF-8"' } : {};
}
