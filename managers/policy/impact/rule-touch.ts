import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyBinding, PolicyContent, PrincipalSelector } from '#accessors/policy/contract.js';
import type { Patterns } from './patterns.js';
import type { DifferingRule } from './rule-differences.js';

/** Whom a rule that differs concerns: by role or principal, and by what changes for them. */
export class RuleTouch {
  private readonly bindings: readonly PolicyBinding[];

  constructor(
    private readonly patterns: Patterns,
    policies: readonly PolicyContent[],
  ) {
    this.bindings = policies.flatMap(({ bindings }) => bindings);
  }

  concerns(rule: DifferingRule, facts: SubjectFacts, permissions: readonly string[]): boolean {
    if (rule.patterns !== null && !permissions.some((each) => this.patterns.anyCovers(rule.patterns ?? [], each))) return false;
    if (rule.principals !== null && !rule.principals.some((each) => isAmong(each, facts))) return false;
    return rule.roles === null || this.rolesOf(facts).some((role) => rule.roles?.includes(role));
  }

  private rolesOf(facts: SubjectFacts): readonly string[] {
    const bound = this.bindings.filter(({ principal }) => isAmong(principal, facts)).map(({ role }) => role);
    return [...rolesOfFacts(facts), ...bound].filter((role) => role !== null);
  }
}

function isAmong(selector: PrincipalSelector, facts: SubjectFacts): boolean {
  if (selector === 'all') return true;
  const colon = selector.indexOf(':');
  const [kind, key] = [selector.slice(0, colon), selector.slice(colon + 1)];
  if (kind === 'subject') return facts.subject?.key === key;
  if (kind === 'group') return facts.groups.some((group) => group.key === key);
  return rolesOfFacts(facts).includes(key);
}

function rolesOfFacts({ assignments, grants }: SubjectFacts): readonly (string | null)[] {
  return [...assignments.map(({ role }) => role), ...grants.map(({ role }) => role)];
}
