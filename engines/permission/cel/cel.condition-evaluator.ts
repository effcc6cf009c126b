import type {
  ConditionCompilation,
  ConditionEvaluator,
  ConditionFault,
  ConditionScope,
} from '../condition-evaluator.contract.js';
import { type Bound, bind, boundChildren } from './binding.js';
import { compileCode } from './code.js';
import { CelCompiledCondition, CONDITION_BUDGET } from './compiled-condition.js';
import { costOf, partsOf } from './cost.js';
import { ConditionNames } from './names.js';
import { MOST_TEXT, subsetFaults } from './subset.js';
import { parseExpression } from './syntax.js';
import { typeFaults } from './type-check.js';

/** Conditions in CEL: what is allowed of it, and why, is in docs/architecture/conditions.md. */
export class CelConditionEvaluator implements ConditionEvaluator {
  readonly language = 'cel';

  compile(expression: string, scope: ConditionScope): ConditionCompilation {
    if (expression.length > MOST_TEXT) return refused([{ at: null, message: `it has more than ${MOST_TEXT} characters` }]);
    const parsed = parseExpression(expression);
    if (!parsed.ok) return refused([{ at: parsed.at, message: parsed.message }]);
    const left = subsetFaults(parsed.node);
    if (left.length > 0) return refused(left);
    const names = new ConditionNames(scope);
    const { bound, faults } = bind(parsed.node, names);
    if (faults.length > 0) return refused(faults);
    return compileBound({ expression, bound, names });
  }
}

function compileBound(found: {
  readonly expression: string;
  readonly bound: Bound;
  readonly names: ConditionNames;
}): ConditionCompilation {
  const { expression, bound, names } = found;
  const { code, faults } = compileCode(bound);
  const all = [...typeFaults(bound, names.attributes), ...faults];
  if (all.length > 0) return refused(all);
  const { attributes } = names;
  const most = costOf(bound, attributes);
  if (most > CONDITION_BUDGET)
    return refused([{ at: null, message: `it may cost ${most} units; ${CONDITION_BUDGET} are allowed` }]);
  const costLimit = limitOf(bound, { most, isSettled: attributes.every(({ root }) => root === 'params') });
  const checked = { expression, bound, code, attributes, readsNow: readsNow(bound), costLimit };
  return { ok: true, condition: new CelCompiledCondition(checked) };
}

/** What is not known is computed once more, to say what is left to decide. */
function limitOf(bound: Bound, { most, isSettled }: { readonly most: number; readonly isSettled: boolean }): number {
  return isSettled ? most : Math.min(CONDITION_BUDGET, 2 * most + partsOf(bound));
}

function refused(faults: readonly ConditionFault[]): ConditionCompilation {
  return { ok: false, faults };
}

function readsNow(bound: Bound): boolean {
  return bound.kind === 'now' || boundChildren(bound).some(readsNow);
}
