import type { AttributeValue, ResourceSelector } from '#accessors/policy/contract.js';
import { isCurrent, type AttributeLookup } from './attribute-sources.js';
import { NOT_COMPILED, type BoundCondition } from './bound-condition.js';
import type { ConditionBudget, ConditionInput, ConditionResult } from './condition-evaluator.contract.js';
import type { CheckedResource, PermissionQuestion } from './contract.js';
import { pathOutcome, unitHolds, type Outcome } from './resource-selection.js';
import type { Segment } from './segment.js';
import type { SubjectPlan } from './subject-plan.js';
import type { Requirements } from './way.js';

export interface Asked {
  readonly question: PermissionQuestion;
  readonly resource: CheckedResource | null;
  readonly unit: string | null;
}

const REQUEST_BUDGET = 200_000;
const MINUTE = 60_000;
const OVERSPENT: ConditionResult = Object.freeze({ outcome: 'error', reason: 'the budget of the request is used up', cost: 0 });

let evaluations = 0;

/** One evaluation: the question, the moment, the resource if there is one, and the budget that all conditions share. */
export class Circumstances {
  readonly segment: Segment;
  readonly budget: ConditionBudget = { left: REQUEST_BUDGET };
  /** Conditions that were asked and that read the time. */
  private readonly timed: BoundCondition[] = [];
  private readonly stamp = ++evaluations;
  private readonly lookup: AttributeLookup;

  constructor(
    readonly plan: SubjectPlan,
    readonly asked: Asked,
    readonly now: number,
  ) {
    this.segment = plan.at(now);
    const tenantFacts = (): Readonly<Record<string, AttributeValue>> => this.tenantFacts();
    const { question, resource } = asked;
    this.lookup = plan.compiled.index.attributes.lookup({ question, resource, now, tenantFacts });
  }

  /** Whether everything that is required is so. Something that fails outweighs what is not known. */
  outcomeOf({ units, selectors, conditions }: Requirements): Outcome {
    let outcome: Outcome = 'true';
    for (const unit of units) outcome = and(outcome, this.ofUnit(unit));
    for (const selector of selectors) outcome = and(outcome, this.ofSelector(selector));
    for (const condition of conditions) {
      if (outcome === 'false') return outcome;
      outcome = and(outcome, this.result(condition).outcome);
    }
    return outcome;
  }

  /** Each condition is evaluated once, however many rules use it. */
  result(condition: BoundCondition): ConditionResult {
    if (condition.stamp === this.stamp) return condition.result;
    const result = this.evaluate(condition);
    condition.stamp = this.stamp;
    condition.result = result;
    if (condition.readsNow) this.timed.push(condition);
    return result;
  }

  input({ params }: BoundCondition, budget: ConditionBudget): ConditionInput {
    return { lookup: this.lookup, params, now: this.now, budget };
  }

  /** The next moment, not after `until`, at which anything may change that was looked at so far; `null`: there is none. */
  nextEdge(until: number): number | null {
    const { external, claims } = this.asked.question;
    let next = this.segment.until;
    if (external.validUntil !== null && isCurrent(external, this.now)) next = Math.min(next, external.validUntil);
    if (claims.authTime !== null) next = Math.min(next, this.stepUpEdge(claims.authTime));
    if (this.timed.length > 0) next = Math.min(next, this.conditionEdge(Math.min(next, until)));
    return next <= until ? next : null;
  }

  private conditionEdge(until: number): number {
    let next = Infinity;
    for (const condition of this.timed) {
      const edge = condition.compiled?.nextEdge(this.input(condition, { left: REQUEST_BUDGET }), until) ?? Infinity;
      // An edge that is not ahead would keep the walk on one spot.
      next = Math.min(next, edge > this.now ? edge : this.now + MINUTE);
    }
    return next;
  }

  /** When the authentication gets too old for the next step-up. */
  private stepUpEdge(authTime: number): number {
    let next = Infinity;
    for (const { rule } of this.plan.compiled.stepUps) {
      if (rule.maxAuthAgeSeconds === null) continue;
      const edge = (authTime + rule.maxAuthAgeSeconds) * 1000 + 1;
      if (edge > this.now) next = Math.min(next, edge);
    }
    return next;
  }

  /** With a resource the unit is its own; without, or without one of its own, the unit that is asked about. */
  ofUnit(unit: string): Outcome {
    const { resource } = this.asked;
    if (resource !== null && resource.unit !== null) return unitHolds(unit, resource.unit) ? 'true' : 'false';
    const about = this.asked.unit;
    if (about !== null && unitHolds(unit, about)) return 'true';
    return about === null || unitHolds(about, unit) ? 'unknown' : 'false';
  }

  ofSelector({ type, ids, path }: ResourceSelector): Outcome {
    const { resource } = this.asked;
    if (resource === null) return 'unknown';
    if (resource.type !== type) return 'false';
    const ofIds = ids === null ? 'true' : this.ofIds(ids, resource);
    return and(ofIds, path === null ? 'true' : pathOutcome(path, resource.path));
  }

  private ofIds(ids: readonly string[], { id }: CheckedResource): Outcome {
    if (id === null) return ids.length === 0 ? 'false' : 'unknown';
    return ids.includes(id) ? 'true' : 'false';
  }

  private evaluate(condition: BoundCondition): ConditionResult {
    if (condition.compiled === null) return NOT_COMPILED;
    // SECURITY: nothing is evaluated on credit; what fails grants nothing, and denies apply.
    if (this.budget.left <= 0) return OVERSPENT;
    return condition.compiled.evaluate(this.input(condition, this.budget));
  }

  private tenantFacts(): Readonly<Record<string, AttributeValue>> {
    const { rank, flags } = this.segment;
    const { compiled, facts } = this.plan;
    const tier = compiled.index.tiers.keyAt(rank);
    return { id: facts.tenantId, flags: [...flags].sort(), ...(tier === undefined ? {} : { tier }) };
  }
}

/** `false` decides; then what fails, since it can never come out true; then what is not known. */
function and(one: Outcome, other: Outcome): Outcome {
  if (one === 'false' || other === 'false') return 'false';
  if (one === 'error' || other === 'error') return 'error';
  return one === 'unknown' || other === 'unknown' ? 'unknown' : 'true';
}
