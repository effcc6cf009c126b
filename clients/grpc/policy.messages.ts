import type { PlanReport, PolicyManager, PolicyQuestions } from '#managers/policy/contract.js';
import type {
  Activation,
  CanIResponse,
  GetHistoryResponse,
  PermissionChange,
  Plan,
  PolicyDifference,
  SubjectQuestion,
  TestPolicyResponse,
} from '#protos/generated/countersign/policy/v1/policy.js';
import { CodedError } from '#utilities/errors/coded-error.js';

type Activated = Awaited<ReturnType<PolicyManager['apply']>>;
type History = Awaited<ReturnType<PolicyQuestions['history']>>;
type Differences = Awaited<ReturnType<PolicyQuestions['diff']>>;
type Explanation = Awaited<ReturnType<PolicyQuestions['canI']>>;
type Tested = Awaited<ReturnType<PolicyManager['test']>>;

/** A message holds 64 KiB; over REST there are more. */
const MAX_LISTED = 100;

export function planMessage(plan: PlanReport): Plan {
  return {
    planId: plan.planId,
    tenant: plan.name.tenant,
    set: plan.name.set,
    base: plan.base?.sequence ?? 0,
    candidate: plan.candidate.sequence,
    epoch: plan.epoch,
    author: plan.author,
    approvedBy: plan.approvedBy ?? '',
    subjects: plan.subjects,
    changedSubjects: plan.changedSubjects,
    losingSubjects: plan.losingSubjects,
    gainingSubjects: plan.gainingSubjects,
    byRule: plan.byRule.slice(0, MAX_LISTED),
    changes: plan.changes.slice(0, MAX_LISTED).map(changeMessage),
    holders: plan.holders.slice(0, MAX_LISTED).map(changeMessage),
    refusals: [...plan.refusals],
    highRisk: [...plan.highRisk],
  };
}

function changeMessage({ before, after, ...change }: PlanReport['changes'][number]): PermissionChange {
  return { ...change, before: before ?? '', after: after ?? '' };
}

export function activationMessage({ number, set, sequence, mode, by, reason, planId, at }: Activated): Activation {
  return { number, set, version: sequence, mode, by, reason, planId: planId ?? '', at };
}

export function historyMessage({ versions, activations }: History): GetHistoryResponse {
  return {
    versions: versions.map(({ sequence, sha256, author, message, createdAt }) => ({
      version: sequence,
      sha256,
      author,
      message,
      createdAt,
    })),
    activations: activations.map(activationMessage),
  };
}

export function testMessage({ results, coverage }: Tested): TestPolicyResponse {
  return {
    results: results.map((result) => ({ ...result, differences: [...result.differences] })),
    coverage: coverage.map((each) => ({ ...each })),
  };
}

export function differenceMessages(differences: Differences): PolicyDifference[] {
  return differences.map(({ path, before, after }) => ({ path, beforeJson: jsonOf(before), afterJson: jsonOf(after) }));
}

export function explanationMessage(explanation: Explanation): CanIResponse {
  const { allowed, code, residual } = explanation.decision;
  return { allowed, code, residual: residual ?? '', explanationJson: JSON.stringify(explanation) };
}

/** The question as it would stand in a request over REST. */
export function questionOf(question: SubjectQuestion | undefined): object {
  const { tenant, audience, permission, resourceJson, unit, contextJson, at, version } = question ?? NO_QUESTION;
  return {
    tenant,
    audience,
    permission,
    resource: resourceJson === '' ? null : jsonIn(resourceJson, 'resource_json'),
    unit: unit === '' ? null : unit,
    context: contextJson === '' ? {} : jsonIn(contextJson, 'context_json'),
    at: at ?? null,
    version: version ?? null,
  };
}

const NO_QUESTION: SubjectQuestion = {
  tenant: '',
  audience: '',
  permission: '',
  resourceJson: '',
  unit: '',
  contextJson: '',
  at: undefined,
  version: undefined,
};

/** @throws CodedError `REQUEST_PARAMETER_INVALID` */
export function jsonIn(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CodedError('REQUEST_PARAMETER_INVALID', { field, expected: 'JSON', cause });
  }
}

function jsonOf(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}
