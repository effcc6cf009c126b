import type { CountersignError } from '../countersign-error.js';
import { isObject, type JsonObject } from '../strict-json.js';
import { AccessToken } from './access-token.js';
import { callerError } from './caller-error.js';
import type { PostAnswer } from './post.js';
import { reasonFrom, safeText, toldByService } from './told.js';

const TOKEN = /^[\x21-\x7e]{1,16384}$/;
const MOST_LIFETIME_SECONDS = 86_400;
/** What proxies answer where the service is not to be reached (RFC 9110 §15.6.3). */
const PASSING = new Set([429, 502, 503, 504]);
const MOST_RETRY_SECONDS = 3_600;

/**
 * The token of a token endpoint's answer (RFC 6749 §5.1, RFC 8693 §2.2.1).
 *
 * @throws CountersignError for every other answer: what the service said, or that a proxy answered, or that it makes no sense
 */
export function tokenOf(answer: PostAnswer): AccessToken {
  const body = answer.contentType.startsWith('application/json') ? objectOf(answer.body) : undefined;
  if (answer.status !== 200) throw refusalOf(answer, body);
  const token = body === undefined ? undefined : readToken(body);
  if (token === undefined) throw callerError('TOKEN_ENDPOINT_ANSWER_INVALID');
  return token;
}

function readToken(body: JsonObject): AccessToken | undefined {
  const { access_token: value, token_type: type, expires_in: lifetimeSeconds, scope = '' } = body;
  if (typeof value !== 'string' || !TOKEN.test(value) || typeof scope !== 'string') return undefined;
  // SECURITY: a token that is bound to a key is no bearer token; nothing here could show the key.
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') return undefined;
  if (!isWhole(lifetimeSeconds, MOST_LIFETIME_SECONDS) || lifetimeSeconds === 0) return undefined;
  return new AccessToken({ value, scope, lifetimeSeconds });
}

function refusalOf(answer: PostAnswer, body: JsonObject | undefined): CountersignError {
  const retryAfterSeconds = retryAfterOf(answer.retryAfter);
  const reason = reasonFrom(body?.['code']);
  if (body !== undefined && reason !== undefined && typeof body['error'] === 'string') {
    const { error_description: message, diagnostic_id: diagnosticId } = body;
    const retryable = answer.status === 503 || answer.status === 429;
    return toldByService({ reason, message, diagnosticId, retryable, retryAfterSeconds });
  }
  if (PASSING.has(answer.status)) return callerError('TOKEN_ENDPOINT_BEHIND_HOP', { retryAfterSeconds });
  const cause = new Error(`status ${answer.status}, ${safeText(answer.contentType, 'no content type')}`);
  return callerError('TOKEN_ENDPOINT_ANSWER_INVALID', { cause });
}

/** RFC 9110 §10.2.3, the number of seconds; the service sends no date. */
function retryAfterOf(text: string | null): number | undefined {
  if (text === null || !/^\d{1,6}$/.test(text)) return undefined;
  return Math.min(Number(text), MOST_RETRY_SECONDS);
}

function objectOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;
}
