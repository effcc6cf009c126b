import type { AttributeDeclaration, AttributeValue, ResourceSelector } from '#accessors/policy/contract.js';
import type { ConditionScope } from './condition-evaluator.contract.js';

/** What a rule says about the resources that its condition may read. */
export interface ConditionPlace {
  readonly resource: Pick<ResourceSelector, 'type'> | null;
  /** Permission names and patterns of the rule itself; none where it speaks of a role. */
  readonly permissions: readonly string[];
}

/** Where a rule or an assignment speaks of a role and of no resource. */
export const NO_PLACE: ConditionPlace = Object.freeze({ resource: null, permissions: Object.freeze([]) });

/** The scope that a condition at this place is compiled in: whoever checks a policy and whoever runs it use the same. */
export function conditionScope(
  declarations: readonly AttributeDeclaration[],
  place: ConditionPlace,
  params: Readonly<Record<string, AttributeValue>>,
): ConditionScope {
  return { declarations, resourceType: resourceTypeOf(declarations, place), params };
}

/**
 * The type that the rule selects; otherwise the one that all its permissions name as their second segment; otherwise the only one
 * that has attributes at all; otherwise `null`. A resource of another type does not have these attributes, so that reading them
 * there is unknown.
 */
export function resourceTypeOf(declarations: readonly AttributeDeclaration[], place: ConditionPlace): string | null {
  if (place.resource !== null) return place.resource.type;
  const types = new Set(declarations.flatMap(({ resourceType }) => resourceType ?? []));
  const named = new Set(place.permissions.map((pattern) => pattern.split(':')[1] ?? ''));
  const [only] = named;
  if (named.size === 1 && only !== undefined && types.has(only)) return only;
  const [single] = types;
  return types.size === 1 && single !== undefined ? single : null;
}
