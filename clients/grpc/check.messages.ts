import type { CheckAnswer } from '#managers/authorization/contract.js';
import type {
  CheckCircumstances,
  CheckDecision,
  CheckItem,
  CheckSubject,
  DecisionState,
} from '#protos/generated/countersign/auth/v1/auth.js';
import { explanationBody } from '../check.answers.js';

type Body = Readonly<Record<string, unknown>>;

/** The same body as over REST, so that it is read by the same rules. An empty string is proto3's way to leave a field out. */
export function circumstancesOf(subject: CheckSubject | undefined, circumstances: CheckCircumstances | undefined): Body {
  const { audience = '', tenant = '', unit = '', context, atLeastAsFresh = '' } = circumstances ?? {};
  return {
    ...subjectOf(subject),
    ...present({ audience, tenant, unit, at_least_as_fresh: atLeastAsFresh }),
    ...(context === undefined ? {} : { context }),
  };
}

export function itemOf({ permission, resource }: CheckItem): Body {
  if (resource === undefined) return { permission };
  const { type, id, unit, path, attributes } = resource;
  return {
    permission,
    resource: { type, ...present({ id, unit, path }), ...(attributes === undefined ? {} : { attributes }) },
  };
}

export function decisionMessage(result: CheckAnswer['results'][number]): CheckDecision {
  const { allowed, code, residual, missing, stepUp, explanation } = result;
  return {
    allowed,
    code,
    residual: residual ?? '',
    missing: [...missing],
    stepUpAcr: [...(stepUp?.acr ?? [])],
    stepUpMaxAuthAgeSeconds: stepUp?.maxAuthAgeSeconds ?? 0,
    explanationJson: explanation === null ? '' : JSON.stringify(explanationBody(explanation)),
  };
}

export function stateMessage({
  policyVersion,
  epoch,
  consistencyToken,
}: Pick<CheckAnswer, 'policyVersion' | 'epoch' | 'consistencyToken'>): DecisionState {
  return { policyVersion, epoch, consistencyToken };
}

function subjectOf(subject: CheckSubject | undefined): Body {
  switch (subject?.by?.$case) {
    case 'token':
      return { subject_token: subject.by.value };
    case 'key':
      return { subject: { key: subject.by.value } };
    case 'identity': {
      const { instance, externalId } = subject.by.value;
      return { subject: { identity: { instance, external_id: externalId } } };
    }
    case undefined:
      return {};
  }
}

function present(values: Readonly<Record<string, string>>): Body {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}
