import { blockersOf } from './blockers.js';
import { Circumstances } from './circumstances.js';
import type { CheckDecision, CheckQuestion, Explanation, GrantPath } from './contract.js';
import { decideAt } from './decision.js';
import { pathOf } from './grant-path.js';
import { firstFlip } from './horizon.js';
import { nearMissesOf } from './near-misses.js';
import { hasBit } from './permission-set.js';
import { badStanding, type SubjectPlan } from './subject-plan.js';

/** How far the horizon of an explanation looks. */
const YEAR = 366 * 24 * 3_600_000;

/** Tells one decision with everything that led to it. Looks at all ways of the subject and at all roles of the policy. */
export class Explainer {
  private readonly circumstances: Circumstances;

  constructor(
    private readonly question: CheckQuestion,
    private readonly plan: SubjectPlan,
  ) {
    this.circumstances = this.at(question.now);
  }

  explain(decision: CheckDecision): Explanation {
    const { policy, facts, permission } = this.question;
    const whole = { permission, decision, policyVersion: `${policy.set}@${policy.sequence}`, epoch: facts.epoch };
    const position = this.plan.compiled.catalogue.positionOf(permission);
    if (position === undefined || badStanding(this.question, this.plan) !== null) {
      return { ...whole, paths: [], blockedBy: [], nearMisses: [], validUntil: null };
    }
    return {
      ...whole,
      paths: this.pathsTo(position, decision),
      blockedBy: blockersOf(position, this.circumstances),
      nearMisses: nearMissesOf(position, this.circumstances),
      validUntil: this.validUntil(position),
    };
  }

  private pathsTo(position: number, decision: CheckDecision): readonly GrantPath[] {
    return this.plan.found.ways
      .filter((way) => hasBit(way.bits, position))
      .map((way) => pathOf(way, { position, isAllowed: decision.allowed, circumstances: this.circumstances }))
      .sort((left, right) => (left.binding < right.binding ? -1 : 1));
  }

  private validUntil(position: number): number | null {
    const first = this.at(this.question.now);
    const answer = JSON.stringify(decideAt(position, first));
    const isSame = (then: Circumstances): boolean => JSON.stringify(decideAt(position, then)) === answer;
    const { plan } = this;
    return firstFlip(first, { plan, asked: first.asked, until: this.question.now + YEAR, isSame });
  }

  private at(now: number): Circumstances {
    const { question, plan } = this;
    return new Circumstances(plan, { question, resource: question.resource, unit: question.unit }, now);
  }
}
