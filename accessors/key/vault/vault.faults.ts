import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { ANSWER_TOO_LARGE, NO_ANSWER_IN_TIME, type VaultConnectionFault, type VaultHttpAnswer } from './vault.http.js';

/** No refusal is remembered for longer, so that everything heals by itself. */
export const LONGEST_WAIT_SECONDS = 30;
const DEFAULT_WAIT_SECONDS = 5;
const MOST_TEXT = 600;

const INNER_CODES: Readonly<Record<string, ErrorCode>> = {
  ForbiddenByRbac: 'VAULT_ROLE_MISSING',
  AccessDenied: 'VAULT_ACCESS_POLICY_MISSING',
  ForbiddenByPolicy: 'VAULT_ACCESS_POLICY_MISSING',
  KeyDisabled: 'VAULT_KEY_DISABLED',
  KeyExpired: 'VAULT_KEY_DISABLED',
  KeyNotYetValid: 'VAULT_KEY_DISABLED',
  KeyOperationForbidden: 'VAULT_OPERATION_REFUSED',
};

const CONNECTION_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOTFOUND: 'VAULT_NAME_UNRESOLVED',
  EAI_AGAIN: 'VAULT_NAME_UNRESOLVED',
  EAI_NODATA: 'VAULT_NAME_UNRESOLVED',
  ETIMEDOUT: 'VAULT_TIMEOUT',
  [NO_ANSWER_IN_TIME]: 'VAULT_TIMEOUT',
  [ANSWER_TOO_LARGE]: 'VAULT_ANSWER_INVALID',
};

/** RFC 1918, RFC 6598, RFC 3927, RFC 4193 and RFC 4291 §2.5.6. A service endpoint of Azure shows as an address of RFC 4193. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/** The error of Key Vault's REST API: `innererror.code` is often the only part that tells refusals apart. */
interface VaultErrorBody {
  readonly code: string;
  readonly inner: string;
  readonly message: string;
}

/** What an answer that is no success means, and what the vault printed about it. */
export function faultOfAnswer(what: string, answer: VaultHttpAnswer): CodedError {
  const body = errorBody(answer.text);
  const code = codeOf(answer, body);
  const said = body === null ? 'not an error of a key vault' : `${body.code} ${body.inner} ${body.message}`;
  const internal = `${what}: HTTP ${answer.status} ${oneLine(said)}`;
  return new CodedError(code, { internal, retryAfterSeconds: retryAfterSeconds(answer) ?? DEFAULT_WAIT_SECONDS });
}

export function faultOfConnection(what: string, fault: VaultConnectionFault): CodedError {
  const code = CONNECTION_CODES[fault.reason] ?? 'VAULT_UNREACHABLE';
  return new CodedError(code, { internal: `${what}: ${fault.reason}`, retryAfterSeconds: DEFAULT_WAIT_SECONDS, cause: fault });
}

export function answerInvalid(what: string, why: string): CodedError {
  return new CodedError('VAULT_ANSWER_INVALID', { internal: `${what}: ${why}` });
}

/** RFC 9110 §10.2.3 in its form of seconds, the one that Key Vault uses; bounded. */
export function retryAfterSeconds(answer: VaultHttpAnswer): number | undefined {
  const header = answer.headers['retry-after'];
  if (typeof header !== 'string' || !/^\d{1,6}$/.test(header)) return undefined;
  return Math.min(Math.max(Number(header), 1), LONGEST_WAIT_SECONDS);
}

function codeOf(answer: VaultHttpAnswer, body: VaultErrorBody | null): ErrorCode {
  const { status } = answer;
  if (status === 429) return 'VAULT_THROTTLED';
  if (status >= 500) return 'VAULT_UNAVAILABLE';
  if (body === null) return 'VAULT_ANSWER_INVALID';
  if (status === 403) return codeOfRefusal(answer, body);
  if (status === 401) return 'VAULT_UNAUTHENTICATED';
  if (status === 404) return 'VAULT_KEY_NOT_FOUND';
  if (status === 409) return isDeleted(body) ? 'VAULT_KEY_DELETED' : 'VAULT_CONFLICT';
  return status === 400 ? 'VAULT_OPERATION_REFUSED' : 'VAULT_ANSWER_INVALID';
}

function codeOfRefusal(answer: VaultHttpAnswer, body: VaultErrorBody): ErrorCode {
  if (body.inner === 'ForbiddenByFirewall' || body.inner === 'ForbiddenByConnection') return codeOfNetwork(answer, body);
  return INNER_CODES[body.inner] ?? 'VAULT_FORBIDDEN';
}

/** Refusals of the network share their inner codes: how we reached the vault, and whom it saw, tell them apart. */
function codeOfNetwork(answer: VaultHttpAnswer, { inner, message }: VaultErrorBody): ErrorCode {
  const network = answer.headers['x-ms-keyvault-network-info'];
  const byPrivateLink = typeof network === 'string' && /conn_type=PrivateLink/i.test(network);
  if (byPrivateLink || isPrivateAddress(answer.remoteAddress)) return 'VAULT_PRIVATE_ENDPOINT_NOT_APPROVED';
  if (inner === 'ForbiddenByConnection') return 'VAULT_PUBLIC_ACCESS_DISABLED';
  const address = /client address:\s*([0-9a-f.:]+)/i.exec(message)?.[1] ?? '';
  if (isPrivateAddress(address)) return 'VAULT_FIREWALL_PRIVATE_ADDRESS';
  return isIPv4(address) || isIPv6(address) ? 'VAULT_FIREWALL_PUBLIC_ADDRESS' : 'VAULT_FORBIDDEN';
}

function isPrivateAddress(address: string): boolean {
  if (isIPv4(address)) return PRIVATE.check(address, 'ipv4');
  return isIPv6(address) && PRIVATE.check(address, 'ipv6');
}

function isDeleted({ inner, message }: VaultErrorBody): boolean {
  return inner === 'ObjectIsDeletedButRecoverable' || /deleted but recoverable/i.test(message);
}

function errorBody(text: string): VaultErrorBody | null {
  const error = objectIn(parsed(text), 'error');
  if (error === null) return null;
  const inner = objectIn(error, 'innererror') ?? {};
  return { code: textIn(error, 'code'), inner: textIn(inner, 'code'), message: textIn(error, 'message') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function objectIn(value: unknown, name: string): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  const member = new Map<string, unknown>(Object.entries(value)).get(name);
  return typeof member === 'object' && member !== null ? { ...member } : null;
}

function textIn(value: Record<string, unknown>, name: string): string {
  const member = value[name];
  return typeof member === 'string' ? member : '';
}

function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_TEXT);
}
