import type { ClaimMapping, RoleDefinition } from '#accessors/policy/contract.js';
import type { PolicyFault } from './contract.js';
import { inheritanceFaults } from './inheritance-faults.js';
import { matchesSegments, parsePattern } from './permission-pattern.js';

/** All faults of a policy document, in the order of the document. */
export function policyFaults(
  document: { readonly roles: readonly RoleDefinition[]; readonly mappings: readonly ClaimMapping[] },
  catalogue: readonly string[],
): readonly PolicyFault[] {
  const split = catalogue.map((name) => name.split(':'));
  return [
    ...duplicateRoles(document.roles),
    ...document.roles.flatMap((role) => [
      ...listFaults(`roles.${role.key}.grants`, role.grants, split),
      ...listFaults(`roles.${role.key}.exclude`, role.exclude, split),
    ]),
    ...inheritanceFaults(document.roles),
    ...mappingFaults(document),
  ];
}

/** All faults of one list of patterns; `catalogue: null` checks their form alone. */
export function patternFaults(
  path: string,
  patterns: readonly string[],
  catalogue: readonly string[] | null,
): readonly PolicyFault[] {
  return listFaults(path, patterns, catalogue === null ? null : catalogue.map((name) => name.split(':')));
}

function listFaults(
  path: string,
  patterns: readonly string[],
  catalogue: readonly (readonly string[])[] | null,
): readonly PolicyFault[] {
  return patterns.flatMap((text, position) => {
    const message = patternFault(text, catalogue);
    return message === null ? [] : [{ path: `${path}[${position}]`, message }];
  });
}

function patternFault(text: string, catalogue: readonly (readonly string[])[] | null): string | null {
  const parsed = parsePattern(text);
  if (!parsed.ok) return `not a permission name or pattern: ${parsed.fault}`;
  if (catalogue === null || catalogue.some((segments) => matchesSegments(parsed.pattern, segments))) return null;
  return `${text} matches no permission of the registered applications`;
}

function duplicateRoles(roles: readonly RoleDefinition[]): readonly PolicyFault[] {
  const seen = new Set<string>();
  return roles.flatMap(({ key }) => {
    if (seen.has(key)) return [{ path: `roles.${key}`, message: 'this role is defined twice' }];
    seen.add(key);
    return [];
  });
}

function mappingFaults(document: {
  readonly roles: readonly RoleDefinition[];
  readonly mappings: readonly ClaimMapping[];
}): readonly PolicyFault[] {
  const known = new Set(document.roles.map((role) => role.key));
  return document.mappings.flatMap((mapping, position) =>
    mapping.role === null || known.has(mapping.role)
      ? []
      : [{ path: `mappings[${position}].role`, message: `there is no role ${mapping.role} in this policy` }],
  );
}
