import { DirectoryFault } from './directory-fault.js';
import { errorMember } from './error-member.js';
import type { LastAnswer, MsalNetwork } from './msal-network.js';
import { retryAfterSeconds } from './retry-after.js';

/** Who a token was asked for, since the same refusal means different things. */
export type TokenPurpose = 'application' | 'onBehalfOf' | 'managedIdentity';

/** `error` values that say that our registration, its credential or our request is refused, whoever the subject is. */
const OURS: ReadonlySet<string> = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_scope',
  'invalid_resource',
  'invalid_target',
  'unsupported_grant_type',
]);
const TRANSIENT: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error', 'not-json']);
/** The endpoint of managed identities restarts and updates under these (410 for up to 70 s). */
const TRANSIENT_OF_PLATFORM: ReadonlySet<number> = new Set([404, 410]);

/**
 * Why msal-node got no token. Decided on status and `error` alone: texts and AADSTS numbers are for people.
 */
export function tokenFault(
  error: unknown,
  network: MsalNetwork,
  request: { purpose: TokenPurpose; now: number },
): DirectoryFault {
  const { fault } = network;
  if (fault !== null) return fault;
  const last = network.last ?? (request.purpose === 'managedIdentity' ? platformAnswer(error) : null);
  if (last === null) return new DirectoryFault('misconfigured', `msal-node refused to ask for a token: ${errorCodeOf(error)}`);
  const text = describe(last, request.purpose, errorCodeOf(error));
  if (isTransient(last, request.purpose)) {
    return new DirectoryFault('unavailable', text, { retryAfterSeconds: retryAfterSeconds(last.retryAfter, request.now) });
  }
  const ours = request.purpose !== 'onBehalfOf' || last.error === null || OURS.has(last.error);
  return ours ? new DirectoryFault('misconfigured', text) : new DirectoryFault('refused', text, { claims: last.claims });
}

/**
 * For managed identities the library keeps, for the whole process, the network of whoever asked first. What another request
 * remembers is then empty, and the error has the status instead.
 */
function platformAnswer(error: unknown): LastAnswer | null {
  const code = errorCodeOf(error);
  const told = code === 'network_error' ? 503 : errorMember(error, 'status');
  const status = typeof told === 'number' ? told : null;
  return status === null
    ? null
    : { status, retryAfter: undefined, error: code, suberror: null, codes: [], traceId: null, claims: null };
}

function isTransient({ status, error }: LastAnswer, purpose: TokenPurpose): boolean {
  if (status === 429 || status >= 500) return true;
  if (purpose === 'managedIdentity' && TRANSIENT_OF_PLATFORM.has(status)) return true;
  return error !== null && TRANSIENT.has(error);
}

function describe(last: LastAnswer, purpose: TokenPurpose, libraryCode: string): string {
  const codes = last.codes.map((code) => `AADSTS${String(code)}`);
  const named = [last.error ?? libraryCode, last.suberror, ...codes].filter((part) => part !== null).join(' ');
  const trace = last.traceId === null ? '' : `, trace ${last.traceId}`;
  return `no token for ${purpose}: ${named} (status ${String(last.status)}${trace})`;
}

/** The library's own word for it; its messages may quote a body. */
function errorCodeOf(error: unknown): string {
  const code = errorMember(error, 'errorCode');
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : 'unknown';
}
