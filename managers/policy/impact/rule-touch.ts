import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyContent, PrincipalSelector } from '#accessors/policy/contract.js';
import type { Patterns } from './patterns.js';
import type { DifferingRule } from './rule-differences.js';

/** A rule prepared to be asked about many subjects. */
interface PreparedRule {
  readonly rule: DifferingRule;
  readonly roles: ReadonlySet<string> | null;
  /** `null`: everybody. With roles: whom a binding gives one of them. */
  readonly principals: readonly PrincipalSelector[] | null;
  readonly covered: Map<string, boolean>;
}

/** Whom rules that differ concern: by role or principal, and by what changes for them. */
export class RuleTouch {
  private readonly prepared: readonly PreparedRule[];

  constructor(
    private readonly patterns: Patterns,
    rules: readonly DifferingRule[],
    policies: readonly PolicyContent[],
  ) {
    const bindings = policies.flatMap((policy) => policy.bindings);
    this.prepared = rules.map((rule) => {
      const roles = rule.roles === null ? null : new Set(rule.roles);
      const giving = bindings.filter(({ role }) => role !== null && roles?.has(role) === true);
      const principals = roles === null ? rule.principals : giving.map(({ principal }) => principal);
      return { rule, roles, principals, covered: new Map() };
    });
  }

  /**
   * Whether any rule could change what the subject may do.
   *
   * INVARIANT: never `false` for somebody whom a rule concerns. A selector by role is taken to select everybody, since it selects by
   * inheritance too.
   */
  mayConcern(facts: SubjectFacts): boolean {
    return this.prepared.some(
      ({ roles, principals }) =>
        (roles !== null && hasRole(facts, roles)) ||
        principals === null ||
        principals.some((selector) => selector.startsWith('role:') || isAmong(selector, facts)),
    );
  }

  /** Names of the rules that have to do with these changes for this subject. */
  concerning(facts: SubjectFacts, permissions: readonly string[]): readonly string[] {
    return this.prepared.filter((each) => this.concerns(each, facts, permissions)).map(({ rule }) => rule.rule);
  }

  private concerns(prepared: PreparedRule, facts: SubjectFacts, permissions: readonly string[]): boolean {
    const { roles, principals } = prepared;
    const byRole = roles !== null && hasRole(facts, roles);
    if (!byRole && principals !== null && !principals.some((each) => isAmong(each, facts))) return false;
    return permissions.some((permission) => this.covers(prepared, permission));
  }

  private covers({ rule, covered }: PreparedRule, permission: string): boolean {
    if (rule.patterns === null) return true;
    let covers = covered.get(permission);
    if (covers === undefined) {
      covers = this.patterns.anyCovers(rule.patterns, permission);
      covered.set(permission, covers);
    }
    return covers;
  }
}

function hasRole({ assignments, grants }: SubjectFacts, roles: ReadonlySet<string>): boolean {
  return assignments.some(({ role }) => roles.has(role)) || grants.some(({ role }) => role !== null && roles.has(role));
}

function isAmong(selector: PrincipalSelector, facts: SubjectFacts): boolean {
  if (selector === 'all') return true;
  const colon = selector.indexOf(':');
  const [kind, key] = [selector.slice(0, colon), selector.slice(colon + 1)];
  if (kind === 'subject') return facts.subject?.key === key;
  if (kind === 'group') return facts.groups.some((group) => group.key === key);
  return hasRole(facts, new Set([key]));
}
