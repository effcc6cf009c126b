import type { CheckAnswer, EffectiveAnswer } from '#managers/authorization/contract.js';

type Result = CheckAnswer['results'][number];
type Explanation = NonNullable<Result['explanation']>;
type Json = Readonly<Record<string, unknown>>;

/** A decision as JSON: what there is nothing to say about is left out. */
function decisionBody(result: Result): Json {
  const { allowed, code, residual, missing, stepUp, explanation } = result;
  return {
    allowed,
    code,
    ...(residual === null ? {} : { residual }),
    ...(missing.length === 0 ? {} : { missing }),
    ...(stepUp === null ? {} : { step_up: stepUpBody(stepUp) }),
    ...(explanation === null ? {} : { explanation: explanationBody(explanation) }),
  };
}

export function checkBody({ results, decisionId, ...state }: CheckAnswer): Json {
  return { results: results.map(decisionBody), decision_id: decisionId, ...stateBody(state) };
}

export function effectiveBody({ granted, conditional, validUntil, ...state }: EffectiveAnswer): Json {
  return { granted, conditional, horizon: timeOf(validUntil), ...stateBody(state) };
}

/** The same shape wherever a decision is explained. */
export function explanationBody(explanation: Explanation): Json {
  const { permission, decision, policyVersion, epoch, paths, blockedBy, nearMisses, validUntil } = explanation;
  return {
    permission,
    decision: decision.allowed ? 'allow' : 'deny',
    code: decision.code,
    policy_version: policyVersion,
    epoch,
    paths,
    blocked_by: blockedBy,
    near_misses: nearMisses.map(({ at, ...miss }) => ({ ...miss, at: timeOf(at) })),
    horizon: timeOf(validUntil),
  };
}

function stateBody({
  policyVersion,
  epoch,
  consistencyToken,
}: Pick<CheckAnswer, 'policyVersion' | 'epoch' | 'consistencyToken'>): Json {
  return { policy_version: policyVersion, epoch, consistency_token: consistencyToken };
}

function stepUpBody({ acr, maxAuthAgeSeconds }: NonNullable<Result['stepUp']>): Json {
  return { acr, ...(maxAuthAgeSeconds === null ? {} : { max_auth_age_seconds: maxAuthAgeSeconds }) };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
