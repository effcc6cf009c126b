import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { RuledCheck } from './check.sequence.js';
import type { GatewayChallenge, GatewayDecision, GatewayVerdict } from './gateway.contract.js';
import { policyVersionOf } from './policy-version.js';

/** What the gateway asks for and may not have, or says and should not: its own matter, never the sender's. */
const OF_THE_GATEWAY: ReadonlySet<ErrorCode> = new Set([
  ...(['CHECK_NOT_ALLOWED', 'TARGET_MISSING', 'TARGET_UNKNOWN', 'TARGET_NOT_ALLOWED', 'INTERNAL', 'BINDING_REQUIRED'] as const),
  ...(['CLIENT_UNAUTHENTICATED', 'CLIENT_RATE_LIMITED', 'ISSUER_RATE_LIMITED', 'REQUEST_PARAMETER_INVALID'] as const),
]);

/** Whom nobody can be told from: the token proves nobody, or nobody in a tenant. */
const OF_THE_TOKEN: ReadonlySet<ErrorCode> = new Set(['CHECK_TOKEN_INVALID', 'BINDING_NOT_SHOWN']);

const ANYHOW = { acr: [], maxAgeSeconds: null } as const;

export function refusedPath(): GatewayVerdict {
  return { outcome: 'denied', code: 'path_refused', decision: null };
}

export function unauthenticated(code: string, error: GatewayChallenge['error']): GatewayVerdict {
  return { outcome: 'unauthenticated', code, challenge: { error, ...ANYHOW }, decision: null };
}

export function noRoute(ruled: RuledCheck): GatewayVerdict {
  return { outcome: 'denied', code: 'route_unknown', decision: decisionOf(ruled) };
}

/** SECURITY: allowed is what the decision allows, and nothing else is. */
export function decided(
  ruled: RuledCheck,
  allowed: Pick<Extract<GatewayVerdict, { outcome: 'allowed' }>, 'removes' | 'token'>,
): GatewayVerdict {
  const { decision: result } = ruled;
  const decision = decisionOf(ruled);
  if (result?.allowed === true) return { outcome: 'allowed', decision, ...allowed };
  const code = result?.code ?? 'route_unknown';
  if (result === null || result.stepUp === null) return { outcome: 'denied', code, decision };
  const { acr, maxAuthAgeSeconds: maxAgeSeconds } = result.stepUp;
  return {
    outcome: 'unauthenticated',
    code,
    challenge: { error: 'insufficient_user_authentication', acr, maxAgeSeconds },
    decision,
  };
}

/** What was thrown, as far as the sender of the request is to be told. @throws whatever is not the sender's doing */
export function verdictOn(error: unknown): GatewayVerdict {
  if (!isCodedError(error) || isServiceFault(error.code) || OF_THE_GATEWAY.has(error.code)) throw error;
  const { code } = error;
  if (code === 'TOKEN_STEP_UP_REQUIRED') return unauthenticated(code, 'insufficient_user_authentication');
  if (OF_THE_TOKEN.has(code) || code.startsWith('TOKEN_')) return unauthenticated(code, 'invalid_token');
  return { outcome: 'denied', code, decision: null };
}

function decisionOf({ decisionId, subject, slug, reading, item }: RuledCheck): GatewayDecision {
  return {
    subject: subject ?? '',
    tenant: slug,
    policyVersion: policyVersionOf(reading.policy),
    permission: item?.permission ?? null,
    decisionId,
  };
}
