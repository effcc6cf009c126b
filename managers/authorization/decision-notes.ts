import type { CheckDecision, CheckQuestion } from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { policyVersionOf } from './policy-version.js';

/** Of those decisions that allowed everything, one in so many is noted. */
const ALLOWED_NOTED = 100;

interface Decided {
  readonly decisionId: string;
  readonly clientId: string;
  readonly questions: readonly CheckQuestion[];
  readonly results: readonly CheckDecision[];
}

/** Takes note of denials, and of a sample of what was allowed. The answer does not wait for it. */
export class DecisionNotes {
  private allowed = 0;

  constructor(private readonly deps: Pick<AuthorizationParts, 'decisionTrail' | 'counters'>) {}

  take(context: CallContext, { decisionId, clientId, questions, results }: Decided): void {
    questions.forEach((question, at) => {
      const result = results[at];
      if (result === undefined) return;
      this.deps.counters.increment('checks.decided', result.code);
      if (result.allowed && !this.isSampled()) return;
      this.note(context, { decisionId, clientId, question, result });
    });
  }

  private isSampled(): boolean {
    this.allowed = (this.allowed + 1) % ALLOWED_NOTED;
    return this.allowed === 1;
  }

  private note(
    context: CallContext,
    {
      decisionId,
      clientId,
      question,
      result,
    }: {
      readonly decisionId: string;
      readonly clientId: string;
      readonly question: CheckQuestion;
      readonly result: CheckDecision;
    },
  ): void {
    const { facts, policy, application, resource } = question;
    this.deps.decisionTrail.note(context, {
      decisionId,
      tenantId: facts.tenantId,
      clientId,
      subjectId: facts.subject?.id ?? null,
      audience: application.audience,
      permission: question.permission,
      resourceType: resource?.type ?? null,
      resourceId: resource?.id ?? null,
      unit: question.unit,
      allowed: result.allowed,
      code: result.code,
      policyVersion: policyVersionOf(policy),
      epoch: facts.epoch,
    });
  }
}
