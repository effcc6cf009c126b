import type { RoleDefinition } from '#accessors/policy/contract.js';
import type { PolicyFault } from '../contract.js';
import { positionOf } from './canonical.js';

const MAX_DEPTH = 8;

/** Unknown parents, cycles, and chains of more than eight steps. Works without recursion, so that no document can exhaust the stack. */
export function inheritanceFaults(roles: readonly RoleDefinition[]): readonly PolicyFault[] {
  const byKey = new Map(roles.map((role) => [role.key, role]));
  const depths = inheritanceDepths(byKey);
  return roles.flatMap((role) => [...unknownParents(role, byKey), ...shapeFaults(role, byKey, depths)]);
}

function unknownParents(role: RoleDefinition, byKey: ReadonlyMap<string, RoleDefinition>): readonly PolicyFault[] {
  return role.inherits.flatMap((parent, position) =>
    byKey.has(parent)
      ? []
      : [
          {
            path: `roles.${role.key}.inherits[${positionOf(role.inherits, position)}]`,
            message: `there is no role ${parent} in this policy`,
          },
        ],
  );
}

function shapeFaults(
  role: RoleDefinition,
  byKey: ReadonlyMap<string, RoleDefinition>,
  depths: ReadonlyMap<string, number>,
): readonly PolicyFault[] {
  const path = `roles.${role.key}.inherits`;
  const depth = depths.get(role.key);
  if (depth !== undefined)
    return depth > MAX_DEPTH ? [{ path, message: `inherits over ${depth} steps; at most ${MAX_DEPTH} are allowed` }] : [];
  return reachesItself(role, byKey) ? [{ path, message: 'the role inherits from itself, directly or through others' }] : [];
}

/** Longest chain above each role; a role on a cycle, or below one, has none. */
function inheritanceDepths(byKey: ReadonlyMap<string, RoleDefinition>): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const waiting = new Map<string, number>();
  const children = new Map<string, string[]>();
  for (const role of byKey.values()) {
    const parents = knownParents(role, byKey);
    waiting.set(role.key, parents.length);
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), role.key]);
  }
  const ready = [...byKey.keys()].filter((key) => waiting.get(key) === 0);
  for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
    depths.set(key, depthOf(key, byKey, depths));
    for (const child of children.get(key) ?? []) {
      const left = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  return depths;
}

function depthOf(key: string, byKey: ReadonlyMap<string, RoleDefinition>, depths: ReadonlyMap<string, number>): number {
  const role = byKey.get(key);
  const parents = role === undefined ? [] : knownParents(role, byKey);
  return parents.reduce((deepest, parent) => Math.max(deepest, (depths.get(parent) ?? 0) + 1), 0);
}

function knownParents(role: RoleDefinition, byKey: ReadonlyMap<string, RoleDefinition>): readonly string[] {
  return [...new Set(role.inherits)].filter((parent) => byKey.has(parent));
}

function reachesItself(start: RoleDefinition, byKey: ReadonlyMap<string, RoleDefinition>): boolean {
  const seen = new Set<string>();
  const open = [...start.inherits];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (key === start.key) return true;
    if (seen.has(key)) continue;
    seen.add(key);
    open.push(...(byKey.get(key)?.inherits ?? []));
  }
  return false;
}
