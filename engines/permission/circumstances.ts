import type { AttributeValue, ResourceSelector } from '#accessors/policy/contract.js';
import { isCurrent, type AttributeLookup } from './attribute-sources.js';
import { NOT_COMPILED, type BoundCondition } from './bound-condition.js';
import type { CompiledCondition, ConditionBudget, ConditionInput, ConditionResult } from './condition-evaluator.contract.js';
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
const CONDITION_BUDGET = 10_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const OVERSPENT: ConditionResult = Object.freeze({ outcome: 'error', reason: 'the budget of the request is used up', cost: 0 });

let evaluations = 0;

/** One evaluation: the question, the moment, the resource if there is one, and the budget that all conditions share. */
export class Circumstances {
  readonly segment: Segment;
  /** Conditions that were asked and that read the time. */
  private timed: BoundCondition[] | null = null;
  private budget: ConditionBudget | null = null;
  private lookup: AttributeLookup | null = null;
  private lookupType: string | null = null;
  private readonly stamp = ++evaluations;

  constructor(
    readonly plan: SubjectPlan,
    readonly asked: Asked,
    readonly now: number,
  ) {
    this.segment = plan.at(now);
  }

  /** Whether everything that is required is so. Something that fails outweighs what is not known. */
  outcomeOf({ units, selectors, conditions }: Requirements): Outcome {
    const only = conditions[0];
    if (only !== undefined && conditions.length === 1 && units.length === 0 && selectors.length === 0)
      return this.result(only).outcome;
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
    if (condition.readsNow) (this.timed ??= []).push(condition);
    return result;
  }

  input({ params, resourceType }: BoundCondition, budget: ConditionBudget): ConditionInput {
    if (this.lookup === null || this.lookupType !== resourceType) {
      this.lookup = this.makeLookup(resourceType);
      this.lookupType = resourceType;
    }
    return { lookup: this.lookup, params, now: this.now, budget };
  }

  /** The next moment, not after `until`, at which anything may change that was looked at so far; `null`: there is none. */
  nextEdge(until: number): number | null {
    const { external, claims } = this.asked.question;
    let next = this.segment.until;
    if (external.validUntil !== null && isCurrent(external, this.now)) next = Math.min(next, external.validUntil);
    if (claims.authTime !== null) next = Math.min(next, this.stepUpEdge(claims.authTime));
    if (this.timed !== null) next = Math.min(next, this.conditionEdge(this.timed, Math.min(next, until)));
    return next <= until ? next : null;
  }

  private conditionEdge(timed: readonly BoundCondition[], until: number): number {
    let next = until + 1;
    for (const condition of timed) {
      const edge = this.edgeOf(condition, Math.min(next, until)) ?? Infinity;
      // An edge that is not ahead would keep the walk on one spot.
      next = Math.min(next, edge > this.now ? edge : this.now + MINUTE);
    }
    return next;
  }

  private edgeOf(condition: BoundCondition, until: number): number | null {
    const { stretch, compiled } = condition;
    if (stretch !== null && stretch.from <= this.now && this.now < stretch.until) return stretch.until;
    return compiled?.nextEdge(this.input(condition, { left: REQUEST_BUDGET }), until) ?? null;
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
    if (ids?.length === 0) return 'false';
    if (resource === null) return 'unknown';
    if (resource.type !== type) return 'false';
    const ofIds = ids === null ? 'true' : this.ofIds(ids, resource);
    return and(ofIds, path === null ? 'true' : pathOutcome(path, resource.path));
  }

  private ofIds(ids: readonly string[], { id }: CheckedResource): Outcome {
    if (id === null) return 'unknown';
    return ids.includes(id) ? 'true' : 'false';
  }

  private evaluate(condition: BoundCondition): ConditionResult {
    const { compiled } = condition;
    if (compiled === null) return NOT_COMPILED;
    const budget = (this.budget ??= { left: REQUEST_BUDGET });
    // SECURITY: nothing is evaluated on credit; what fails grants nothing, and denies apply.
    if (budget.left <= 0) return OVERSPENT;
    if (!condition.readsTimeAlone) return compiled.evaluate(this.input(condition, budget));
    return this.evaluateForTime(condition, compiled, budget);
  }

  /**
   * What depends on the time alone is the same for everybody up to its next edge. It costs what it cost the first time, so that a
   * budget does not last longer because somebody else asked before.
   */
  private evaluateForTime(condition: BoundCondition, compiled: CompiledCondition, budget: ConditionBudget): ConditionResult {
    const { now } = this;
    const { stretch } = condition;
    if (stretch !== null && stretch.from <= now && now < stretch.until && stretch.result.cost < budget.left) {
      budget.left -= stretch.result.cost;
      return stretch.result;
    }
    const hadEnough = budget.left >= CONDITION_BUDGET;
    const result = compiled.evaluate(this.input(condition, budget));
    if (!hadEnough) return result;
    const until = compiled.nextEdge(this.input(condition, { left: REQUEST_BUDGET }), now + DAY) ?? now + DAY;
    condition.stretch = until > now ? { from: now, until, result } : null;
    return result;
  }

  private makeLookup(resourceType: string | null): AttributeLookup {
    const { plan, asked, now } = this;
    const tenantFacts = (): Readonly<Record<string, AttributeValue>> => this.tenantFacts();
    return plan.compiled.index.attributes.lookup(
      { question: asked.question, resource: asked.resource, now, tenantFacts },
      resourceType,
    );
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
