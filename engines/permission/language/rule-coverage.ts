import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { AttributeSources } from '../attribute-sources.js';
import type { ConditionEvaluator } from '../condition-evaluator.contract.js';
import { conditionScope } from '../condition-scope.js';
import type { CheckQuestion, Explanation, PermissionEngine, PermissionQuestion } from '../contract.js';
import type { RuleCoverage } from '../policy-language.contract.js';
import { TierLadder } from '../tier-ladder.js';
import { conditionUses, mappingRule, type PlacedCondition } from './condition-uses.js';
import { PatternCoverage } from './pattern-coverage.js';
import type { AskedTest } from './test-run.js';

const BUDGET = 10_000;

/**
 * Counts in how many tests each rule took part: a role, binding or mapping that led to a permission; a deny, gate or step-up that
 * took away what would have been held; a condition that was true, and one that was false.
 */
export class CoverageCount {
  private readonly hits = new Map<string, number>();
  private readonly uses: readonly PlacedCondition[];
  private readonly attributes: AttributeSources;
  private readonly tiers: TierLadder;
  private readonly telling = new Map<Application, readonly string[]>();
  private readonly patterns = new Map<Application, PatternCoverage>();

  constructor(
    private readonly parts: { readonly permissionEngine: PermissionEngine; readonly conditionEvaluator: ConditionEvaluator },
    private readonly policy: PolicyVersion,
  ) {
    this.uses = conditionUses(policy);
    this.attributes = new AttributeSources(policy.attributes);
    this.tiers = new TierLadder(policy.tiers);
    for (const rule of rulesOf(policy, this.uses)) this.hits.set(rule, 0);
  }

  report(): readonly RuleCoverage[] {
    return [...this.hits].map(([rule, hits]) => ({ rule, hits }));
  }

  add({ question, unit, checks }: AskedTest): void {
    const found = new Set<string>();
    const asked = this.tellingPermissions(question.application).map((permission) => ({
      ...question,
      permission,
      resource: null,
      unit,
    }));
    const explained = [...asked, ...checks].map((each) => ({ each, told: this.parts.permissionEngine.explain(each) }));
    const held = principalsOf(
      explained.map(({ told }) => told),
      question,
      this.parts.permissionEngine,
    );
    for (const { each, told } of explained) this.addQuestion(each, { told, held }, found);
    for (const mapping of this.policy.mappings) if (isMapped(mapping, question)) found.add(mappingRule(mapping));
    for (const rule of found) {
      const hits = this.hits.get(rule);
      if (hits !== undefined) this.hits.set(rule, hits + 1);
    }
  }

  private addQuestion(
    question: CheckQuestion,
    { told, held }: { readonly told: Explanation; readonly held: ReadonlySet<string> },
    found: Set<string>,
  ): void {
    for (const rule of rulesIn(told)) found.add(rule);
    for (const use of this.uses) if (this.isAsked(use, question, held)) this.addCondition(use, question, found);
    this.addStored(question, found);
  }

  /** One permission for all that the same rules are about: the others could not tell anything else. */
  private tellingPermissions(application: Application): readonly string[] {
    const known = this.telling.get(application);
    if (known !== undefined) return known;
    const coverage = this.patternsOf(application);
    const { roles, bindings, gates, denies, stepUps } = this.policy;
    const lists = [
      ...roles.flatMap(({ grants, exclude }) => [...grants, ...exclude].map((pattern) => [pattern])),
      ...[...bindings, ...gates, ...denies, ...stepUps].map(({ permissions }) => permissions),
    ].map((patterns) => coverage.union(patterns));
    const bySignature = new Map<string, string>();
    for (const { name } of application.permissions) {
      const signature = lists.map((names) => (names.has(name) ? '1' : '0')).join('');
      if (signature.includes('1') && !bySignature.has(signature)) bySignature.set(signature, name);
    }
    const telling = [...bySignature.values()].toSorted();
    this.telling.set(application, telling);
    return telling;
  }

  private patternsOf(application: Application): PatternCoverage {
    const known = this.patterns.get(application) ?? new PatternCoverage([application]);
    this.patterns.set(application, known);
    return known;
  }

  /** Whether the rule speaks of this subject and of this permission. */
  private isAsked({ rule, place }: PlacedCondition, question: CheckQuestion, held: ReadonlySet<string>): boolean {
    const [kind = '', id = ''] = split(rule);
    if (kind === 'mapping')
      return this.policy.mappings.some((mapping) => mappingRule(mapping) === rule && isMapped(mapping, question));
    const isCovered =
      place.permissions.length === 0 || this.patternsOf(question.application).union(place.permissions).has(question.permission);
    if (!isCovered) return false;
    if (kind === 'binding') return this.policy.bindings.some((binding) => binding.id === id && held.has(binding.principal));
    return this.policy.denies.some((deny) => deny.id === id && deny.principals.some((principal) => held.has(principal)));
  }

  private addCondition({ use, rule, place }: PlacedCondition, question: CheckQuestion, found: Set<string>): void {
    const scope = conditionScope(this.policy.attributes, place, use.params);
    const outcome = this.outcomeOf(use.expression, scope, question);
    if (outcome !== null) found.add(`condition:${use.key ?? rule}=${outcome}`);
  }

  /** Conditions that assignments and grants of the persona name. */
  private addStored(question: CheckQuestion, found: Set<string>): void {
    const { assignments, grants } = question.facts;
    const stored = [
      ...assignments.map(({ condition }) => ({ condition, place: { resource: null, permissions: [] } })),
      ...grants.map(({ condition, resource, permissions }) => ({ condition, place: { resource, permissions } })),
    ];
    for (const { condition, place } of stored) {
      const named = this.policy.conditions.find(({ key }) => key === condition?.key);
      if (condition === null || named === undefined) continue;
      const scope = conditionScope(this.policy.attributes, place, condition.params);
      const outcome = this.outcomeOf(named.expression, scope, question);
      if (outcome !== null) found.add(`condition:${named.key}=${outcome}`);
    }
  }

  private outcomeOf(
    expression: string,
    scope: ReturnType<typeof conditionScope>,
    question: CheckQuestion,
  ): 'true' | 'false' | null {
    const compiled = this.parts.conditionEvaluator.compile(expression, scope);
    if (!compiled.ok) return null;
    const { resource, now } = question;
    const origin = { question, resource, now, tenantFacts: () => this.tenantFacts(question) };
    const lookup = this.attributes.lookup(origin, scope.resourceType);
    const { outcome } = compiled.condition.evaluate({ lookup, params: scope.params, now, budget: { left: BUDGET } });
    return outcome === 'true' || outcome === 'false' ? outcome : null;
  }

  private tenantFacts({ facts, now }: CheckQuestion): Readonly<Record<string, string | readonly string[]>> {
    const rank = this.tiers.rankAt(facts.subscriptions, now);
    const tier = this.tiers.keyAt(rank);
    const on = facts.flags.filter(({ enabled }) => enabled).map(({ key }) => key);
    const flags = [...new Set([...on, ...this.tiers.flagsUpTo(rank)])].toSorted();
    return { id: facts.tenantId, flags, ...(tier === undefined ? {} : { tier }) };
  }
}

function rulesOf(policy: PolicyVersion, uses: readonly PlacedCondition[]): readonly string[] {
  const conditions = [
    ...policy.conditions.map(({ key }) => key),
    ...uses.flatMap(({ use, rule }) => (use.key === null ? [rule] : [])),
  ];
  return [
    ...policy.roles.map(({ key }) => `role:${key}`),
    ...policy.mappings.map(mappingRule),
    ...policy.bindings.map(({ id }) => `binding:${id}`),
    ...policy.gates.map(({ id }) => `gate:${id}`),
    ...policy.denies.map(({ id }) => `deny:${id}`),
    ...policy.stepUps.map(({ id }) => `stepUp:${id}`),
    ...conditions.flatMap((name) => [`condition:${name}=true`, `condition:${name}=false`]),
  ];
}

/** Rules that led to the permission, and those that took it away from somebody who would have had it. */
function rulesIn({ paths, blockedBy }: Explanation): readonly string[] {
  const open = paths.filter(({ status }) => status !== 'failed');
  if (open.length === 0) return [];
  const blockers = blockedBy.flatMap(({ kind, id }) => {
    if (kind === 'gate' || kind === 'deny') return [`${kind}:${id}`];
    return kind === 'step_up' ? [`stepUp:${id}`] : [];
  });
  return [...open.flatMap(({ binding, via }) => [`binding:${binding}`, ...via]), ...blockers];
}

/** Selectors that the subject answers to, as far as its permissions show it. */
function principalsOf(told: readonly Explanation[], question: PermissionQuestion, engine: PermissionEngine): ReadonlySet<string> {
  const { subject, groups } = question.facts;
  const open = told.flatMap(({ paths }) => paths).filter(({ status }) => status !== 'failed');
  return new Set([
    'all',
    ...(subject === null ? [] : [`subject:${subject.key}`]),
    ...groups.map(({ key }) => `group:${key}`),
    ...engine.mappedGroups(question.policy, question.claims).map((key) => `group:${key}`),
    ...open.flatMap(({ via }) => via),
  ]);
}

function isMapped({ issuer, claim, value }: PolicyVersion['mappings'][number], { claims }: PermissionQuestion): boolean {
  return claims.issuer === issuer && (claims[claim] ?? []).includes(value);
}

function split(rule: string): readonly string[] {
  const colon = rule.indexOf(':');
  return [rule.slice(0, colon), rule.slice(colon + 1)];
}
