import type { PolicyContent, PrincipalSelector } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { Patterns } from './patterns.js';
import type { DifferingRule } from './rule-differences.js';

/**
 * The applications whose permissions any differing rule can concern: at all others everybody stands as before, so nobody is looked
 * at there.
 */
export function touchedApplications(
  rules: readonly DifferingRule[],
  policies: readonly PolicyContent[],
  { applications, patterns }: { readonly applications: readonly Application[]; readonly patterns: Patterns },
): readonly Application[] {
  if (rules.some((rule) => rule.patterns === null)) return applications;
  const spoken = rules.flatMap((rule) => rule.patterns ?? []);
  const byRole = rules.some(({ kind }) => kind === 'role') ? policies.flatMap(patternsByRole) : [];
  if (byRole.includes(ANY)) return applications;
  const all = [...new Set([...spoken, ...byRole])];
  return applications.filter(({ permissions }) =>
    patterns.reach(
      all,
      permissions.map(({ name }) => name),
    ),
  );
}

const ANY = '**';

/** Who has a role may change with the roles, and with it whom these rules concern. A binding that gives a role may reach anything. */
function patternsByRole({ bindings, denies }: PolicyContent): readonly string[] {
  return [
    ...bindings
      .filter(({ principal }) => isRole(principal))
      .flatMap(({ role, permissions }) => (role === null ? permissions : [ANY])),
    ...denies
      .filter(({ principals, except }) => principals.some(isRole) || except.some(isRole))
      .flatMap(({ permissions }) => permissions),
  ];
}

function isRole(selector: PrincipalSelector): boolean {
  return selector.startsWith('role:');
}
