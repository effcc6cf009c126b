/**
 * The permission model read as it is written, on names and sets, without anything prepared, remembered or ordered. Slow, and
 * shares no code with the engine that it judges.
 */
import { detailsFor, type Detail } from './details.js';
import { coveredBy, isPattern } from './names.js';
import type { Question, Resource, Situation } from './question.js';
import { anyOf, closedBy, denyVerdict, requirementVerdict, steppedUp, stepUpTo } from './rules.js';
import { missingOf } from './verdict.js';
import { Ways, type Requirement, type Way } from './ways.js';

export interface Judgement {
  readonly state: 'granted' | 'conditional' | 'denied';
  readonly code: string;
  /** Paths that would have to be known. */
  readonly missing: ReadonlySet<string>;
  readonly stepUp: ReturnType<typeof stepUpTo> | null;
}

export interface EffectiveQuestion extends Question {
  readonly scope: readonly string[] | null;
  /** Unix milliseconds. */
  readonly until: number;
}

export type EffectiveAnswer =
  | { readonly effect: 'refused'; readonly code: string; readonly actual: string | null }
  | {
      readonly effect: 'granted';
      readonly granted: readonly string[];
      /** By permission. */
      readonly conditional: ReadonlyMap<string, Judgement>;
      /** In no order. */
      readonly details: readonly Detail[];
      readonly scope: string;
    };

export function effective(question: EffectiveQuestion): EffectiveAnswer {
  return new Interpreter(question).effective(question.scope);
}

export class Interpreter {
  readonly #question: Question;
  readonly #ways: Ways;
  readonly #sorted: readonly string[];

  constructor(question: Question) {
    this.#question = question;
    this.#ways = new Ways(question);
    this.#sorted = question.application.permissions.map(({ name }) => name).toSorted();
  }

  judge(permission: string, resource: Resource | null): Judgement {
    const refusal = this.#standing();
    if (refusal !== undefined) return denied(refusal.toLowerCase().replace('groups_overage_unresolved', 'groups_unknown'));
    if (!this.#names().includes(permission)) return denied('permission_unknown');
    return this.#judge(permission, { question: this.#question, resource });
  }

  effective(scope: readonly string[] | null): EffectiveAnswer {
    const refusal = this.#standing();
    if (refusal !== undefined) return { effect: 'refused', code: refusal, actual: null };
    const fault = scope === null ? undefined : this.#scopeFault(scope);
    if (fault !== undefined) return { effect: 'refused', ...fault };
    const situation = { question: this.#question, resource: null };
    const wanted = this.#names().filter((name) => scope === null || coveredBy(scope, name));
    const judgements = wanted.map((name) => [name, this.#judge(name, situation)] as const);
    const granted = judgements.filter(([, { state }]) => state === 'granted').map(([name]) => name);
    const conditional = new Map(judgements.filter(([, { state }]) => state === 'conditional'));
    if (granted.length === 0 && conditional.size === 0 && !this.#question.application.allowsEmptyPermissions) {
      return { effect: 'refused', code: scope === null ? 'PERMISSION_NONE' : 'SCOPE_NOT_HELD', actual: null };
    }
    const details = detailsFor(this.#undisputed([...conditional.keys()]), this.#question);
    return { effect: 'granted', granted, conditional, details, scope: this.#scopeOf(granted, scope) };
  }

  #standing(): 'TENANT_SUSPENDED' | 'SUBJECT_DISABLED' | 'GROUPS_OVERAGE_UNRESOLVED' | undefined {
    const { facts, claims, policy } = this.#question;
    if (facts.tenantStatus !== 'active') return 'TENANT_SUSPENDED';
    if (facts.subject !== null && facts.subject.status !== 'active') return 'SUBJECT_DISABLED';
    const mapped = policy.mappings.some(({ issuer, claim }) => claim === 'groups' && issuer === claims.issuer);
    return claims.groups === null && claims.issuer !== '' && mapped ? 'GROUPS_OVERAGE_UNRESOLVED' : undefined;
  }

  #names(): readonly string[] {
    return this.#sorted;
  }

  #judge(permission: string, situation: Situation): Judgement {
    const { policy } = this.#question;
    const covering = <Rule extends { readonly permissions: readonly string[] }>(rules: readonly Rule[]): readonly Rule[] =>
      rules.filter(({ permissions }) => coveredBy(permissions, permission));
    const ways = this.#ways.toPermission(permission);
    const held = anyOf(ways, 'as not so', situation);
    if (held.is === 'false')
      return denied(
        first(
          WAYS,
          ways.map((way) => whyNot(way, situation)),
        ),
      );
    const closed = covering(policy.gates).flatMap((gate) => closedBy(gate, situation) ?? []);
    if (closed.length > 0) return denied(first(GATES, closed));
    if (this.#isNarrowed(permission)) return denied('boundary');
    const denies = covering(policy.denies).map((deny) => denyVerdict(deny, this.#ways, situation));
    if (denies.some(({ is }) => is === 'true')) return denied('deny_rule');
    const steps = covering(policy.stepUps);
    if (!steps.every((step) => steppedUp(step, situation))) return { ...denied('step_up_required'), stepUp: stepUpTo(steps) };
    return leftOpen(new Set([held, ...denies].flatMap((verdict) => [...missingOf(verdict)])));
  }

  /** Ways to those of these on which no deny has a say. */
  #undisputed(permissions: readonly string[]): ReadonlyMap<string, readonly Way[]> {
    const situation = { question: this.#question, resource: null };
    const isDisputed = (permission: string): boolean =>
      this.#question.policy.denies.some(
        (deny) => coveredBy(deny.permissions, permission) && denyVerdict(deny, this.#ways, situation).is === 'unknown',
      );
    return new Map(permissions.filter((each) => !isDisputed(each)).map((each) => [each, this.#ways.toPermission(each)] as const));
  }

  #isNarrowed(permission: string): boolean {
    const { facts, boundary, ceiling, ceilings = [] } = this.#question;
    return [facts.tenantBoundary, boundary, ceiling, ...ceilings].some(
      (limit) => limit !== null && !coveredBy(limit, permission),
    );
  }

  #scopeFault(scope: readonly string[]): { readonly code: string; readonly actual: string } | undefined {
    for (const value of scope) {
      const covered = this.#names().filter((name) => coveredBy([value], name));
      if (!isPattern(value) || covered.length === 0) return { code: 'SCOPE_UNKNOWN', actual: value };
      if (covered.some((name) => !coveredBy(this.#question.boundary, name))) return { code: 'SCOPE_NOT_ALLOWED', actual: value };
    }
    return undefined;
  }

  #scopeOf(granted: readonly string[], scope: readonly string[] | null): string {
    if (scope === null) return granted.join(' ');
    const values = scope.flatMap((value) => {
      const covered = this.#names().filter((name) => coveredBy([value], name));
      const held = covered.filter((name) => granted.includes(name));
      return held.length === covered.length ? [value] : held;
    });
    return [...new Set(values)].join(' ');
  }
}

/** In the order in which the page about permissions lists them. */
const GATES = ['gate.tier', 'gate.flag'];
const WAYS = ['condition_error', 'condition_false', 'eligible_not_active', 'not_yet_valid', 'expired', 'no_grant'];

function first(order: readonly string[], codes: readonly string[]): string {
  return order.find((code) => codes.includes(code)) ?? 'no_grant';
}

function denied(code: string): Judgement {
  return { state: 'denied', code, missing: new Set(), stepUp: null };
}

function leftOpen(missing: ReadonlySet<string>): Judgement {
  if (missing.size === 0) return { state: 'granted', code: 'granted', missing, stepUp: null };
  const isForTheAsker = [...missing].every((path) => /^(resource|context)\./.test(path));
  return { state: 'conditional', code: isForTheAsker ? 'conditional' : 'condition_unknown', missing, stepUp: null };
}

/** Of a way that leads nowhere: it would lead there but for this, which is the last that is wrong with it. */
function whyNot(way: Way, situation: Situation): string {
  const codes = way.requirements.flatMap((requirement) => {
    const { is } = requirementVerdict(requirement, situation);
    if (is === 'error') return ['condition_error'];
    return is === 'false' ? [codeOf(requirement, situation)] : [];
  });
  return first(WAYS.toReversed(), codes);
}

function codeOf(requirement: Requirement, { question: { now } }: Situation): string {
  switch (requirement.is) {
    case 'activation':
      return 'eligible_not_active';
    case 'window':
      return requirement.window.until !== null && now >= requirement.window.until ? 'expired' : 'not_yet_valid';
    case 'condition':
      return 'condition_false';
    default:
      return 'no_grant';
  }
}
