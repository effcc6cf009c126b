/**
 * The permission model read as it is written, on names and sets, without anything prepared, remembered or ordered. Slow, and
 * shares no code with the engine that it judges.
 */
import { coveredBy, isPattern } from './names.js';
import type { Question, Resource, Situation } from './question.js';
import { closedBy, deniesOf, denyVerdict, requirementVerdict, steppedUp, wayVerdict } from './rules.js';
import { missingOf, some, type Verdict } from './verdict.js';
import { Ways, type Requirement, type Way } from './ways.js';

export interface Judgement {
  readonly state: 'granted' | 'conditional' | 'denied';
  /** The reasons of the first stage that denies it, any of which may be told; of one that is not denied, none. */
  readonly codes: ReadonlySet<string>;
  /** Paths that would have to be known. */
  readonly missing: ReadonlySet<string>;
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
      readonly scope: string;
    };

export function effective(question: EffectiveQuestion): EffectiveAnswer {
  return new Interpreter(question).effective(question.scope);
}

export class Interpreter {
  readonly #question: Question;
  readonly #ways: Ways;

  constructor(question: Question) {
    this.#question = question;
    this.#ways = new Ways(question);
  }

  judge(permission: string, resource: Resource | null): Judgement {
    const refusal = this.#standing();
    if (refusal !== undefined) return denied([refusal.toLowerCase().replace('groups_overage_unresolved', 'groups_unknown')]);
    if (!this.#names().includes(permission)) return denied(['permission_unknown']);
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
    return { effect: 'granted', granted, conditional, scope: this.#scopeOf(granted, scope) };
  }

  #standing(): 'TENANT_SUSPENDED' | 'SUBJECT_DISABLED' | 'GROUPS_OVERAGE_UNRESOLVED' | undefined {
    const { facts, claims, policy } = this.#question;
    if (facts.tenantStatus !== 'active') return 'TENANT_SUSPENDED';
    if (facts.subject !== null && facts.subject.status !== 'active') return 'SUBJECT_DISABLED';
    const mapped = policy.mappings.some(({ issuer, claim }) => claim === 'groups' && issuer === claims.issuer);
    return claims.groups === null && claims.issuer !== '' && mapped ? 'GROUPS_OVERAGE_UNRESOLVED' : undefined;
  }

  #names(): readonly string[] {
    return this.#question.application.permissions.map(({ name }) => name).toSorted();
  }

  #judge(permission: string, situation: Situation): Judgement {
    const found = this.#ways.toPermission(permission).map((way) => ({ way, verdict: wayVerdict(way, situation) }));
    const held = some(found.map(({ verdict }) => verdict));
    const denies = deniesOf(permission, situation).map((deny) => ({ deny, verdict: denyVerdict(deny, this.#ways, situation) }));
    const stages = [
      held.is === 'true' || held.is === 'unknown' ? [] : this.#whyNot(found, situation),
      this.#closed(permission, situation),
      this.#narrowed(permission),
      denies.some(({ verdict }) => verdict.is === 'true') ? ['deny_rule'] : [],
      this.#notSteppedUp(permission, situation),
    ];
    const first = stages.find((codes) => codes.length > 0);
    if (first !== undefined) return denied(first);
    const open = denies.filter(({ verdict }) => verdict.is === 'unknown');
    const missing = new Set([held, ...open.map(({ verdict }) => verdict)].flatMap((verdict) => [...missingOf(verdict)]));
    if (missing.size === 0) return { state: 'granted', codes: new Set(), missing };
    return { state: 'conditional', codes: new Set(), missing };
  }

  #narrowed(permission: string): readonly string[] {
    const { facts, boundary, ceiling } = this.#question;
    return [facts.tenantBoundary, boundary, ceiling].some((limit) => limit !== null && !coveredBy(limit, permission))
      ? ['boundary']
      : [];
  }

  #closed(permission: string, situation: Situation): readonly string[] {
    const gates = this.#question.policy.gates.filter(({ permissions }) => coveredBy(permissions, permission));
    return gates.flatMap((gate) => closedBy(gate, situation) ?? []);
  }

  #notSteppedUp(permission: string, situation: Situation): readonly string[] {
    const steps = this.#question.policy.stepUps.filter(({ permissions }) => coveredBy(permissions, permission));
    return steps.every((step) => steppedUp(step, situation)) ? [] : ['step_up_required'];
  }

  #whyNot(found: readonly { readonly way: Way; readonly verdict: Verdict }[], situation: Situation): readonly string[] {
    const codes = found.flatMap(({ way }) => whyNot(way, situation));
    return codes.length === 0 ? ['no_grant'] : codes;
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

function denied(codes: readonly string[]): Judgement {
  return { state: 'denied', codes: new Set(codes), missing: new Set() };
}

/** Of a way that leads nowhere: the code of each requirement that is not met. */
function whyNot(way: Way, situation: Situation): readonly string[] {
  const codes = way.requirements.flatMap((requirement, index) => {
    const { is } = requirementVerdict(requirement, situation);
    if (is !== 'false' && is !== 'error') return [];
    const code = is === 'error' ? 'condition_error' : codeOf(requirement, situation);
    return index < way.ofPrincipal ? [code, 'no_grant'] : [code];
  });
  return codes.length === 0 ? ['no_grant'] : codes;
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
