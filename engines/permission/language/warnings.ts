import type { PolicyContent, RoleDefinition } from '#accessors/policy/contract.js';
import type { PolicyFault } from '../contract.js';
import { positionOf } from './canonical.js';
import type { PatternCoverage } from './pattern-coverage.js';

/** What may be meant so and mostly is not. */
export function contentWarnings(content: PolicyContent, coverage: PatternCoverage): readonly PolicyFault[] {
  return [
    ...unreachableRoles(content),
    ...content.roles.flatMap((role) => emptiedGrants(role, coverage)),
    ...idleDenies(content, coverage),
  ];
}

/** A role that says how it is assigned is meant to be. */
function unreachableRoles({ roles, mappings, bindings }: PolicyContent): readonly PolicyFault[] {
  const reached = new Set([
    ...roles.flatMap(({ inherits }) => inherits),
    ...mappings.flatMap(({ role }) => role ?? []),
    ...bindings.flatMap(({ role }) => role ?? []),
  ]);
  return roles
    .filter(({ key, assignment }) => assignment === undefined && !reached.has(key))
    .map(({ key }) => ({
      path: `roles.${key}`,
      message: 'nothing in this policy leads to this role; only an assignment gives it',
    }));
}

function emptiedGrants({ key, grants, exclude }: RoleDefinition, coverage: PatternCoverage): readonly PolicyFault[] {
  const excluded = coverage.union(exclude);
  return grants.flatMap((pattern, index) => {
    const covered = coverage.of(pattern);
    if (!covered.ok || covered.names.size === 0 || [...covered.names].some((name) => !excluded.has(name))) return [];
    return [{ path: `roles.${key}.grants[${positionOf(grants, index)}]`, message: 'exclude takes all of this away again' }];
  });
}

function idleDenies({ roles, bindings, denies }: PolicyContent, coverage: PatternCoverage): readonly PolicyFault[] {
  const granted = coverage.union([
    ...roles.flatMap(({ grants }) => grants),
    ...bindings.flatMap(({ permissions }) => permissions),
  ]);
  return denies.flatMap(({ permissions }, index) => {
    const denied = coverage.union(permissions);
    if (denied.size === 0 || [...denied].some((name) => granted.has(name))) return [];
    const message = 'no role and no binding grants any of this; only a grant of live data could';
    return [{ path: `denies[${positionOf(denies, index)}].permissions`, message }];
  });
}
