import { LRUCache } from 'lru-cache';
import type { AttributeDeclaration } from '#accessors/policy/contract.js';
import type {
  ConditionCompilation,
  ConditionEvaluator,
  ConditionFault,
  ConditionScope,
} from '../condition-evaluator.contract.js';
import { typeOfParam } from './attributes.js';
import { type Bound, bind, boundChildren } from './binding.js';
import { compileCode } from './code.js';
import { CelCompiledCondition, CONDITION_BUDGET } from './compiled-condition.js';
import { costOf, partsOf } from './cost.js';
import { ConditionNames } from './names.js';
import { bracketDepth, MOST_NESTED, MOST_TEXT, subsetFaults } from './subset.js';
import { parseExpression } from './syntax.js';
import { typeFaults } from './type-check.js';
import { printType } from './condition-types.js';

/** Compilations that are kept for one list of declarations; a policy has some dozens. */
const MOST_KEPT = 2_000;

type Kept = LRUCache<string, ConditionCompilation>;

/** Conditions in CEL: what is allowed of it, and why, is in docs/architecture/conditions.md. */
export class CelConditionEvaluator implements ConditionEvaluator {
  readonly language = 'cel';
  /** For as long as the declarations are: those of a policy version are one list. */
  private readonly kept = new WeakMap<readonly AttributeDeclaration[], Kept>();

  compile(expression: string, scope: ConditionScope): ConditionCompilation {
    if (expression.length > MOST_TEXT) return refused([{ at: null, message: `it has more than ${MOST_TEXT} characters` }]);
    const kept = this.keptFor(scope.declarations);
    const key = keyOf(expression, scope);
    const before = kept.get(key);
    if (before !== undefined) return before;
    const compilation = compileAnew(expression, scope);
    kept.set(key, compilation);
    return compilation;
  }

  private keptFor(declarations: readonly AttributeDeclaration[]): Kept {
    const before = this.kept.get(declarations);
    if (before !== undefined) return before;
    const kept: Kept = new LRUCache({ max: MOST_KEPT });
    this.kept.set(declarations, kept);
    return kept;
  }
}

/** Only the types of parameters matter. */
function keyOf(expression: string, { resourceType, params }: ConditionScope): string {
  const types = Object.entries(params).map(([name, value]) => [name, printType(typeOfParam(value))]);
  return JSON.stringify([resourceType, types, expression]);
}

/** SECURITY: what turns the direction of writing or takes no room makes people read another condition than this service does. */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function compileAnew(expression: string, scope: ConditionScope): ConditionCompilation {
  const unseen = expression.search(UNSEEN);
  if (unseen >= 0)
    return refused([{ at: unseen, message: 'there is a character that nobody sees: write it as \\u and its number' }]);
  if (bracketDepth(expression) > MOST_NESTED)
    return refused([{ at: null, message: `brackets are nested deeper than ${MOST_NESTED}` }]);
  const parsed = parseExpression(expression);
  if (!parsed.ok) return refused([{ at: parsed.at, message: parsed.message }]);
  const left = subsetFaults(parsed.node);
  if (left.length > 0) return refused(left);
  const names = new ConditionNames(scope);
  const { bound, faults } = bind(parsed.node, names);
  if (faults.length > 0) return refused(faults);
  return compileBound({ expression, bound, names });
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
