import type { RoleDefinition } from '#accessors/policy/contract.js';
import type { BoundCondition } from './bound-condition.js';
import type { Circumstances } from './circumstances.js';
import type { CompiledPolicy } from './compiled-policy.js';
import type { TraceStep } from './condition-evaluator.contract.js';
import type { GrantPath } from './contract.js';
import { hasBit } from './permission-set.js';
import type { CompiledRole, Way } from './way.js';
import { wayCode, type WayCode } from './why-not.js';

const BUDGET = 10_000;
const TELLING = ['error', 'false', 'unknown', 'true'] as const;

/** One way as it is told. */
export function pathOf(
  way: Way,
  told: { readonly position: number; readonly isAllowed: boolean; readonly circumstances: Circumstances },
): GrantPath {
  const { position, isAllowed, circumstances } = told;
  const code = wayCode(way, circumstances);
  const { via, pattern } = routeOf(way, position, circumstances.plan.compiled);
  return { binding: way.id, via, pattern, status: statusOf(code, isAllowed), code, condition: conditionOf(way, circumstances) };
}

function statusOf(code: WayCode, isAllowed: boolean): GrantPath['status'] {
  if (code === 'granted') return isAllowed ? 'granted' : 'granted_then_blocked';
  return code === 'conditional' ? 'conditional' : 'failed';
}

/** From the subject to the permission, and the pattern that covers it. */
function routeOf(
  { group, role, permissions, through }: Way,
  position: number,
  compiled: CompiledPolicy,
): { readonly via: readonly string[]; readonly pattern: string } {
  const start = [
    ...(group === null ? [] : [`group:${group}`]),
    ...through.flatMap((step) => [`role:${step.role.key}`, `binding:${step.binding.id}`]),
  ];
  if (role === null) return { via: start, pattern: patternAt(permissions, position, compiled) };
  const line = lineTo(role, position, compiled);
  const last = line.at(-1);
  const pattern = last === undefined ? '' : patternAt(last.grants, position, compiled);
  return { via: [...start, ...line.map(({ key }) => `role:${key}`)], pattern };
}

/** The roles from this one to the nearest one that grants it itself. */
function lineTo({ key }: CompiledRole, position: number, compiled: CompiledPolicy): readonly RoleDefinition[] {
  const first = compiled.index.roleNamed(key);
  const open: (readonly RoleDefinition[])[] = first === null ? [] : [[first]];
  const seen = new Set<string>();
  for (let line = open.shift(); line !== undefined; line = open.shift()) {
    const last = line.at(-1);
    if (last === undefined || seen.has(last.key)) continue;
    seen.add(last.key);
    if (hasBit(compiled.ownGrants(last), position)) return line;
    for (const parent of [...last.inherits].sort()) {
      const next = compiled.index.roleNamed(parent);
      if (next !== null) open.push([...line, next]);
    }
  }
  return [];
}

function patternAt(patterns: readonly string[], position: number, { catalogue }: CompiledPolicy): string {
  const covers = (pattern: string): boolean => {
    const bits = catalogue.expand(pattern);
    return bits !== undefined && hasBit(bits, position);
  };
  return [...patterns].sort().find(covers) ?? '';
}

/** The condition that tells most about the way, with its trace. */
function conditionOf({ conditions }: Way, circumstances: Circumstances): GrantPath['condition'] {
  const told = [...conditions].sort(
    (left, right) => TELLING.indexOf(circumstances.result(left).outcome) - TELLING.indexOf(circumstances.result(right).outcome),
  );
  const [condition] = told;
  return condition === undefined ? null : traced(condition, circumstances);
}

function traced(condition: BoundCondition, circumstances: Circumstances): GrantPath['condition'] {
  const { key, expression } = condition;
  const { outcome, cost } = circumstances.result(condition);
  const trace: TraceStep[] = [];
  condition.compiled?.evaluate(circumstances.input(condition, { left: BUDGET }), trace);
  return { key, expression, result: outcome, cost, trace };
}
