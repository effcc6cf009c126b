import type { AttributeDeclaration } from '#accessors/policy/contract.js';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import type { ConditionEvaluator } from '#engines/permission/condition-evaluator.contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';

/** Whoever is put to the proof: the engine, or something with a fault in it. */
export type Judge = Pick<PermissionEngine, 'effectivePermissions' | 'decide'>;

const cel = new CelConditionEvaluator();
const lists = new Map<string, readonly AttributeDeclaration[]>();
const known = new WeakMap<readonly AttributeDeclaration[], readonly AttributeDeclaration[]>();

/** Equal lists of declarations are one: a run would compile the same few conditions for most of its time. */
function oneOf(declarations: readonly AttributeDeclaration[]): readonly AttributeDeclaration[] {
  const before = known.get(declarations);
  if (before !== undefined) return before;
  const text = JSON.stringify(declarations);
  const one = lists.get(text) ?? declarations;
  lists.set(text, one);
  known.set(declarations, one);
  return one;
}

export const evaluator: ConditionEvaluator = {
  language: cel.language,
  compile: (expression, scope) => cel.compile(expression, { ...scope, declarations: oneOf(scope.declarations) }),
};

export function freshEngine(conditionEvaluator = evaluator): Judge {
  return new DefaultPermissionEngine({ conditionEvaluator });
}
