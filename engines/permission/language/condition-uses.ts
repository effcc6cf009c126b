import type { ConditionUse, PolicyContent } from '#accessors/policy/contract.js';
import type { ConditionPlace } from '../condition-scope.js';
import { positionOf } from './canonical.js';

/** One place of the policy where a condition decides. */
export interface PlacedCondition {
  /** `denies[0]`. */
  readonly path: string;
  /** `deny:no-export`. */
  readonly rule: string;
  readonly use: ConditionUse;
  readonly place: ConditionPlace;
}

export function conditionUses({ mappings, bindings, denies }: PolicyContent): readonly PlacedCondition[] {
  return [
    ...mappings.flatMap((mapping, index) =>
      placed(mapping.condition, `mappings[${positionOf(mappings, index)}]`, {
        rule: mappingRule(mapping),
        place: { resource: null, permissions: [] },
      }),
    ),
    ...bindings.flatMap(({ id, condition, resource, permissions }, index) =>
      placed(condition, `bindings[${positionOf(bindings, index)}]`, {
        rule: `binding:${id}`,
        place: { resource, permissions },
      }),
    ),
    ...denies.flatMap(({ id, condition, permissions }, index) =>
      placed(condition, `denies[${positionOf(denies, index)}]`, { rule: `deny:${id}`, place: { resource: null, permissions } }),
    ),
  ];
}

/** The name of a mapping in reports. */
export function mappingRule({ issuer, claim, value, role, group }: PolicyContent['mappings'][number]): string {
  return `mapping:${issuer}:${claim}=${value}->${role === null ? `group:${group ?? ''}` : `role:${role}`}`;
}

function placed(
  use: ConditionUse | null | undefined,
  path: string,
  more: { readonly rule: string; readonly place: ConditionPlace },
): readonly PlacedCondition[] {
  return use === null || use === undefined ? [] : [{ path, use, ...more }];
}
