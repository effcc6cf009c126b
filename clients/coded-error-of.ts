import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';

/** Faults of the HTTP layer, by the `code` that Fastify gives them. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'REQUEST_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'REQUEST_CONTENT_TYPE_UNSUPPORTED',
  FST_ERR_CTP_EMPTY_TYPE: 'REQUEST_CONTENT_TYPE_UNSUPPORTED',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_MALFORMED',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'REQUEST_MALFORMED',
  FST_ERR_BAD_URL: 'REQUEST_NOT_FOUND',
  FST_ERR_MAX_PARAM_LENGTH: 'REQUEST_NOT_FOUND',
  FST_ERR_NOT_FOUND: 'REQUEST_NOT_FOUND',
};

const HTTP_STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'REQUEST_MALFORMED',
  404: 'REQUEST_NOT_FOUND',
  405: 'REQUEST_METHOD_NOT_ALLOWED',
  413: 'REQUEST_TOO_LARGE',
  415: 'REQUEST_CONTENT_TYPE_UNSUPPORTED',
  431: 'REQUEST_HEADERS_TOO_LARGE',
};

/**
 * Brings whatever was thrown to a code of the catalogue. Nothing of an unknown error's text is passed on.
 */
export function toCodedError(thrown: unknown): CodedError {
  if (isCodedError(thrown)) return thrown;
  const code = httpLayerCode(thrown);
  return code === undefined ? new CodedError('INTERNAL', { cause: thrown }) : new CodedError(code);
}

function httpLayerCode(thrown: unknown): ErrorCode | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  if ('code' in thrown && typeof thrown.code === 'string') {
    const known = FASTIFY_CODES[thrown.code];
    if (known !== undefined) return known;
  }
  if ('getStatus' in thrown && typeof thrown.getStatus === 'function') {
    const status: unknown = (thrown as { getStatus(): unknown }).getStatus();
    return typeof status === 'number' ? HTTP_STATUS_CODES[status] : undefined;
  }
  return undefined;
}
