import type { AccessOutcome } from '#managers/authorization/access-search.contract.js';
import { toCodedError } from '../../coded-error-of.js';
import { oauthErrorBody, oauthErrorStatus } from '../oauth-error.js';

type Decided = Extract<AccessOutcome, { readonly decision: object }>;
type Denial = Exclude<Decided['decision']['code'], 'granted'>;
type Json = Readonly<Record<string, unknown>>;

const NOT_YOURS = 'You do not have this permission.';
const NOT_NOW = 'You do not have this permission now.';

/** For whoever runs the asking service, and for the one who was denied; neither tells of rules or of others. Complete by type. */
const REASONS: Readonly<Record<Denial, readonly [admin: string, user: string]>> = {
  conditional: ['It depends on what the question did not tell: see missing.', NOT_NOW],
  no_grant: ['Nothing grants it to the subject on this resource.', NOT_YOURS],
  condition_false: ['What would grant it holds under a condition that is not met.', NOT_NOW],
  condition_error: ['What would grant it holds under a condition that could not be evaluated.', NOT_NOW],
  condition_unknown: ['What would grant it depends on something that is not known: see missing.', NOT_NOW],
  expired: ['What granted it has ended.', 'You do not have this permission any more.'],
  not_yet_valid: ['What will grant it has not begun.', 'You do not have this permission yet.'],
  eligible_not_active: ['An assignment would grant it once it is activated.', NOT_NOW],
  'gate.tier': ['It needs a higher tier of subscription.', 'Your organisation’s subscription does not include this.'],
  'gate.flag': ['It needs a feature that is not enabled.', 'This is not enabled for you.'],
  boundary: ['It is outside of what the tenant, the client or the actor may have.', NOT_YOURS],
  deny_rule: ['A rule denies it.', NOT_YOURS],
  step_up_required: ['It needs a stronger or more recent authentication: see acr_values.', 'Sign in again to do this.'],
  subject_disabled: ['The subject is disabled.', 'Your account is disabled.'],
  tenant_suspended: ['The tenant is suspended.', 'Your organisation is suspended.'],
  groups_unknown: ['The groups of the subject are not known.', NOT_NOW],
  permission_unknown: ['The application has no such permission.', NOT_YOURS],
};

/** AuthZEN 1.0 §5.5. */
export function outcomeBody(outcome: AccessOutcome): Json {
  if ('fault' in outcome) {
    const fault = toCodedError(outcome.fault);
    const { error_description: message, code, field, expected } = oauthErrorBody(fault, '');
    return { decision: false, context: { error: { status: oauthErrorStatus(fault), message, code, field, expected } } };
  }
  const { decision, policyVersion, consistencyToken, decisionId } = outcome;
  const { allowed, code, missing, stepUp } = decision;
  return {
    decision: allowed,
    context: {
      code,
      policy_version: policyVersion,
      consistency_token: consistencyToken,
      evaluation_id: decisionId,
      ...(code === 'granted' ? {} : reasonsOf(code)),
      ...(missing.length === 0 ? {} : { missing }),
      ...(stepUp === null ? {} : stepUpOf(stepUp)),
    },
  };
}

function reasonsOf(code: Denial): Json {
  const [admin, user] = REASONS[code];
  return { reason_admin: { 403: admin }, reason_user: { 403: user } };
}

/** RFC 9470 §3. */
function stepUpOf({ acr, maxAuthAgeSeconds }: NonNullable<Decided['decision']['stepUp']>): Json {
  return {
    ...(acr.length === 0 ? {} : { acr_values: acr }),
    ...(maxAuthAgeSeconds === null ? {} : { max_age: maxAuthAgeSeconds }),
  };
}

/** AuthZEN 1.0 §8: the last page says so with an empty token. */
export function foundBody(results: readonly Json[], next: string | null): Json {
  return { results, page: { next_token: next ?? '', count: results.length } };
}
