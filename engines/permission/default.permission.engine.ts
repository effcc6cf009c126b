import type { WantedFact } from '#accessors/facts/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { detailsOf } from './authorization-details.js';
import { Circumstances } from './circumstances.js';
import type { CompiledPolicy } from './compiled-policy.js';
import type { ConditionEvaluator } from './condition-evaluator.contract.js';
import type {
  CheckDecision,
  CheckQuestion,
  Explanation,
  PermissionDecision,
  PermissionEngine,
  PermissionQuestion,
  PermissionRequest,
  PolicyFault,
  PossibleHolders,
  TokenClaims,
} from './contract.js';
import { decideAt, denied, settledAt } from './decision.js';
import { conditionalOf, openPermissions, type EffectiveSet } from './effective-set.js';
import { Explainer } from './explanation.js';
import { firstFlip } from './horizon.js';
import { isEmpty, sameBits, type PermissionBits } from './permission-set.js';
import { PolicyCompiler, type Snapshot } from './policy-compiler.js';
import { patternFaults } from './pattern-faults.js';
import { possibleHolders } from './possible-holders.js';
import { becauseOf, refused } from './refusal.js';
import { grantedScope, selectScope, type ScopeSelection } from './scope-selection.js';
import { badStanding, type SubjectPlan } from './subject-plan.js';
import { wantedFacts } from './wanted-facts.js';

type Granted = Extract<PermissionDecision, { effect: 'granted' }>;
type Selected = Extract<ScopeSelection, { outcome: 'selected' }>;
type Answer = Pick<Granted, 'conditional' | 'details'>;

const MAX_ACTUAL = 128;
const NONE: readonly never[] = Object.freeze([]);
const NOTHING_OPEN: Answer = Object.freeze({ conditional: NONE, details: NONE });

export class DefaultPermissionEngine implements PermissionEngine {
  private readonly compiler: PolicyCompiler;

  constructor(parts: { readonly conditionEvaluator: ConditionEvaluator }) {
    this.compiler = new PolicyCompiler(parts.conditionEvaluator);
  }

  effectivePermissions(request: PermissionRequest): PermissionDecision {
    const snapshot = this.compiler.snapshot(request.policy, request.application);
    const { compiled } = snapshot;
    const plan = planOf(request, snapshot);
    const standing = badStanding(request, plan);
    if (standing !== null) return refused(standing.refusal, standing.because);

    const selection = selectionOf(request, compiled);
    if (selection?.outcome === 'refused') {
      const actual = selection.value.slice(0, MAX_ACTUAL);
      return { ...refused(selection.code, becauseOf(request, plan, snapshot.sets)), actual };
    }
    const limits = limitsOf(request, compiled, selection);
    return alwaysOf(plan, request, limits) ?? effectiveOf(request, snapshot, { plan, selection, limits });
  }

  decide(question: CheckQuestion): CheckDecision {
    const snapshot = this.compiler.snapshot(question.policy, question.application);
    const plan = planOf(question, snapshot);
    const standing = badStanding(question, plan);
    if (standing !== null) return denied(standing.code);
    const position = snapshot.compiled.catalogue.positionOf(question.permission);
    if (position === undefined) return denied('permission_unknown');
    const settled = settledAt(position, plan.at(question.now), question);
    if (settled !== null) return settled;
    const asked = { question, resource: question.resource, unit: question.unit };
    return decideAt(position, new Circumstances(plan, asked, question.now));
  }

  explain(question: CheckQuestion): Explanation {
    const plan = planOf(question, this.compiler.snapshot(question.policy, question.application));
    return new Explainer(question, plan).explain(this.decide(question));
  }

  possibleHolders(policy: PolicyVersion, application: Application, permission: string): PossibleHolders | null {
    const { compiled } = this.compiler.snapshot(policy, application);
    const position = compiled.catalogue.positionOf(permission);
    return position === undefined ? null : possibleHolders(compiled, position);
  }

  mappedGroups(policy: PolicyVersion, claims: TokenClaims): readonly string[] {
    return this.compiler.indexOf(policy).mappings.groupsOf(claims);
  }

  wantedFacts(policy: PolicyVersion): readonly WantedFact[] {
    return wantedFacts(policy);
  }

  validatePatterns(patterns: readonly string[], catalogue: readonly string[] | null): readonly PolicyFault[] {
    return patternFaults(patterns, catalogue);
  }
}

/** The answer without looking at the question, where nothing in it makes a difference for as long as anybody wants to know. */
function alwaysOf(plan: SubjectPlan, { now, until }: PermissionRequest, limits: readonly PermissionBits[]): Granted | null {
  if (limits.length > 0) return null;
  const segment = plan.at(now);
  return segment.until > until ? segment.always : null;
}

function effectiveOf(
  request: PermissionRequest,
  { sets }: Snapshot,
  {
    plan,
    selection,
    limits,
  }: { readonly plan: SubjectPlan; readonly selection: Selected | null; readonly limits: readonly PermissionBits[] },
): PermissionDecision {
  const circumstances = new Circumstances(plan, { question: request, resource: null, unit: request.unit }, request.now);
  const set = sets.of(circumstances, limits);
  if (isEmpty(set.granted) && isEmpty(set.open) && !request.application.allowsEmptyPermissions) {
    const code = request.scope === null ? 'PERMISSION_NONE' : 'SCOPE_NOT_HELD';
    return refused(code, becauseOf(request, plan, sets));
  }
  const answer = answerOf(set, circumstances);
  const granted = grantOf(circumstances, set.granted, selection);
  const validUntil = validUntilOf({ set, answer }, circumstances, { limits, request, sets });
  if (answer === NOTHING_OPEN && validUntil === null) return granted;
  return { ...granted, ...answer, validUntil };
}

/** The first moment at which the answer is another one, or at which a permission has been held for as long as it may. */
function validUntilOf(
  { set, answer }: { readonly set: EffectiveSet; readonly answer: Answer },
  circumstances: Circumstances,
  looking: { readonly limits: readonly PermissionBits[]; readonly request: PermissionRequest; readonly sets: Snapshot['sets'] },
): number | null {
  const { plan, asked } = circumstances;
  const { limits, request, sets } = looking;
  const longest = request.now + (plan.compiled.catalogue.longestLifeOf(set.granted) ?? Infinity);
  const until = Math.min(request.until, longest);
  const capped = longest <= request.until ? longest : null;
  if (circumstances.nextEdge(until) === null) return capped;
  // Looking ahead computes in the memory that the answer lies in, so the answer is put aside first.
  const granted = set.granted.slice();
  const isSame = (then: Circumstances): boolean => {
    const later = sets.of(then, limits);
    return sameBits(later.granted, granted) && isSameAnswer(answerOf(later, then), answer);
  };
  return firstFlip(circumstances, { plan, asked, until, isSame }) ?? capped;
}

function selectionOf({ scope, boundary }: PermissionRequest, { catalogue }: CompiledPolicy): ScopeSelection | null {
  return scope === null ? null : selectScope(catalogue, scope, catalogue.coveredBy(boundary));
}

function planOf(question: PermissionQuestion, { compiled, plans }: Snapshot): SubjectPlan {
  return plans.planOf(question.facts, compiled.index.mappings.metBy(question.claims));
}

function limitsOf(
  { boundary, ceiling, ceilings = NONE, facts }: PermissionQuestion,
  { catalogue }: CompiledPolicy,
  selection: Selected | null = null,
): readonly PermissionBits[] {
  const limits: PermissionBits[] = [];
  const ofClient = catalogue.coveredBy(boundary);
  if (ofClient !== catalogue.everything) limits.push(ofClient);
  if (ceiling !== null) limits.push(catalogue.coveredBy(ceiling));
  for (const further of ceilings) limits.push(catalogue.coveredBy(further));
  if (facts.tenantBoundary !== null) limits.push(catalogue.coveredBy(facts.tenantBoundary));
  if (selection !== null) limits.push(selection.covers);
  return limits;
}

function answerOf(set: EffectiveSet, circumstances: Circumstances): Answer {
  if (isEmpty(set.open)) return NOTHING_OPEN;
  const open = openPermissions(set, circumstances);
  const { compiled } = circumstances.plan;
  return { conditional: open.map((each) => conditionalOf(each, compiled)), details: detailsOf(open, circumstances) };
}

function isSameAnswer(one: Answer, other: Answer): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function grantOf({ plan, segment }: Circumstances, bits: PermissionBits, selection: Selected | null): Granted {
  const { catalogue } = plan.compiled;
  const { lastAnswer } = segment;
  const set = lastAnswer !== null && sameBits(lastAnswer.bits, bits) ? lastAnswer : catalogue.grants.setOf(bits);
  segment.lastAnswer = set;
  if (selection === null) return set.decision;
  const scope = grantedScope(catalogue, selection.values, bits);
  return scope === set.decision.scope ? set.decision : { ...set.decision, scope };
}
