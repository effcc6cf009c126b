import type { GatewayChallenge, GatewayDecision, GatewayVerdict } from '#managers/authorization/gateway.contract.js';
import type { CodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import { ERROR_MAPPING } from './error-mapping.js';

/** What those behind a gateway learn of a request that was let through. Whatever else begins like these was made up by its sender. */
const GATEWAY_HEADERS = {
  subject: 'x-countersign-subject',
  tenant: 'x-countersign-tenant',
  policyVersion: 'x-countersign-policy-version',
  permission: 'x-countersign-permission',
  decision: 'x-countersign-decision',
} as const;

/** A verdict as HTTP, whichever way it takes to the gateway. */
export interface GatewayAnswer {
  readonly status: 200 | 401 | 403 | 503;
  readonly code: string;
  /** With 200: for the request that goes on. Otherwise: for the sender. Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** With 200: lower-case names of headers of the request that are taken away; none of `headers`. */
  readonly removes: readonly string[];
  /** JSON of at most 1 KiB; empty with 200. */
  readonly body: string;
  /** For access logs and later filters of the gateway. */
  readonly metadata: Readonly<Record<string, string | number>>;
}

const NOTHING: readonly string[] = [];
/** Envoy takes no longer value. */
const MOST_IN_HEADER = 16_384;

export function answerOf(verdict: GatewayVerdict, diagnosticId: string): GatewayAnswer {
  if (verdict.outcome === 'allowed') return allowed(verdict);
  const { code, decision, outcome } = verdict;
  const told = { code, decisionId: decision?.decisionId ?? null, diagnosticId };
  const metadata = metadataOf(decision, { decision: 'deny', code });
  if (outcome === 'denied')
    return { status: 403, code, headers: jsonHeaders(), removes: NOTHING, body: bodyOf('access_denied', told), metadata };
  const { challenge } = verdict;
  const headers = jsonHeaders().set('www-authenticate', challengeOf(challenge));
  return { status: 401, code, headers, removes: NOTHING, body: bodyOf(challenge.error ?? 'token_missing', told), metadata };
}

/**
 * What was thrown. A fault of ours is 503. What the gateway may not have, or asks for wrongly, is a denial: nothing is let through
 * for it, also where a gateway lets everything through that could not be decided.
 */
export function answerToError(error: CodedError, diagnosticId: string): GatewayAnswer {
  const { code, details } = error;
  const { http } = ERROR_MAPPING[code];
  const isOurs = isServiceFault(code) || http >= 500 || http === 429;
  const headers = jsonHeaders();
  if (isOurs) headers.set('retry-after', String(details.retryAfterSeconds ?? 1));
  const body = bodyOf(isOurs ? 'temporarily_unavailable' : 'access_denied', { code, decisionId: null, diagnosticId });
  const metadata = { decision: isOurs ? 'error' : 'deny', code };
  return { status: isOurs ? 503 : 403, code, headers, removes: NOTHING, body, metadata };
}

function allowed({ decision, token, removes }: Extract<GatewayVerdict, { outcome: 'allowed' }>): GatewayAnswer {
  const headers = new Map<string, string>([
    [GATEWAY_HEADERS.subject, decision.subject],
    [GATEWAY_HEADERS.tenant, decision.tenant],
    [GATEWAY_HEADERS.policyVersion, decision.policyVersion],
    [GATEWAY_HEADERS.permission, decision.permission ?? ''],
    [GATEWAY_HEADERS.decision, decision.decisionId],
  ]);
  if (token !== null) headers.set('authorization', `Bearer ${token.value}`);
  for (const value of headers.values())
    if (value.length > MOST_IN_HEADER) throw new Error('a header longer than any gateway takes');
  return {
    status: 200,
    code: 'granted',
    headers,
    removes: removes.length === 0 ? NOTHING : removes.filter((name) => !headers.has(name)),
    body: '',
    metadata: {
      ...metadataOf(decision, { decision: 'allow', code: 'granted' }),
      ...(token === null ? {} : { permissions_count: token.permissionCount }),
    },
  };
}

function jsonHeaders(): Map<string, string> {
  return new Map([
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
  ]);
}

interface Told {
  readonly code: string;
  readonly decisionId: string | null;
  readonly diagnosticId: string;
}

/** Codes and ids alone: nothing that anybody sent, and so never long. */
function bodyOf(error: string, { code, decisionId, diagnosticId }: Told): string {
  const evaluation = decisionId === null ? {} : { decision_id: decisionId };
  return JSON.stringify({ error, code, ...evaluation, diagnostic_id: diagnosticId });
}

/** Names as in the claims of our tokens, and `tid` for the tenant. */
function metadataOf(
  decision: GatewayDecision | null,
  told: { readonly decision: string; readonly code: string },
): Readonly<Record<string, string>> {
  if (decision === null) return told;
  const { subject: sub, tenant: tid, policyVersion: pv, permission, decisionId } = decision;
  return { sub, tid, pv, ...told, decision_id: decisionId, ...(permission === null ? {} : { permission }) };
}

/** SECURITY: values of a policy go into a quoted string: what would end it, or is no part of one, is left out. */
const QUOTABLE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

function challengeOf({ error, acr, maxAgeSeconds }: GatewayChallenge): string {
  const classes = acr.filter((value) => QUOTABLE.test(value));
  const parts = [
    'realm="countersign"',
    ...(error === null ? [] : [`error="${error}"`]),
    ...(classes.length === 0 ? [] : [`acr_values="${classes.join(' ')}"`]),
    ...(maxAgeSeconds === null ? [] : [`max_age="${String(maxAgeSeconds)}"`]),
  ];
  return `Bearer ${parts.join(', ')}`;
}
