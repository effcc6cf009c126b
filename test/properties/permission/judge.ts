import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import type { ConditionEvaluator } from '#engines/permission/condition-evaluator.contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import { DefaultPermissionEngine } from '#engines/permission/default.permission.engine.js';

/** Whoever is put to the proof: the engine, or something with a fault in it. */
export type Judge = Pick<PermissionEngine, 'effectivePermissions' | 'decide'>;

export const evaluator: ConditionEvaluator = new CelConditionEvaluator();

export function freshEngine(conditionEvaluator = evaluator): Judge {
  return new DefaultPermissionEngine({ conditionEvaluator });
}
