import type { AttributeDeclaration, AttributeValue } from '#accessors/policy/contract.js';
import type { CompiledCondition, ConditionEvaluator, ConditionResult } from './condition-evaluator.contract.js';
import { conditionScope, NO_PLACE, resourceTypeOf, type ConditionPlace } from './condition-scope.js';

/** A condition with its parameters, ready to be asked. The same object for everything that says the same. */
export interface BoundCondition {
  readonly key: string | null;
  readonly expression: string;
  readonly params: Readonly<Record<string, AttributeValue>>;
  /** The type of resource whose attributes it reads; `null`: of none. */
  readonly resourceType: string | null;
  /** The same for all that say the same, whatever they are called. */
  readonly statement: string;
  /** `null`: the policy has no such condition, or it does not compile. It always fails then. */
  readonly compiled: CompiledCondition | null;
  readonly readsNow: boolean;
  readonly readsTimeAlone: boolean;
  /** What it came to for a stretch of time; of one that reads nothing but the time. */
  stretch: { readonly from: number; readonly until: number; readonly result: ConditionResult } | null;
  /** Which evaluation the result belongs to. SECURITY: it answers that one evaluation and no other, whatever was asked. */
  stamp: number;
  result: ConditionResult;
}

export const NOT_COMPILED: ConditionResult = Object.freeze({ outcome: 'error', reason: 'it does not compile', cost: 0 });

/** Bounds what stored parameters can make the process keep; what is in use lives on without being shared. */
const MAX_KEPT = 4096;

/** The conditions of one policy version, each compiled once. */
export class ConditionBook {
  private readonly known = new Map<string, BoundCondition>();
  /** By key: those without parameters at no place in particular, the most frequent ones. */
  private readonly plain = new Map<string, BoundCondition>();
  /** `null`: two conditions claim the key, so that neither counts. */
  private readonly named = new Map<string, string | null>();

  constructor(
    private readonly evaluator: ConditionEvaluator,
    private readonly declarations: readonly AttributeDeclaration[],
    conditions: readonly { readonly key: string; readonly expression: string }[],
  ) {
    for (const { key, expression } of conditions) this.named.set(key, this.named.has(key) ? null : expression);
  }

  /** As a rule of the policy uses it. */
  bind(
    use: {
      readonly key: string | null;
      readonly expression: string;
      readonly params: Readonly<Record<string, AttributeValue>>;
    },
    place: ConditionPlace,
  ): BoundCondition {
    const resourceType = resourceTypeOf(this.declarations, place);
    const name = JSON.stringify([resourceType, use.key, use.expression, use.params]);
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const scope = conditionScope(this.declarations, place, use.params);
    const compilation = this.evaluator.compile(use.expression, scope);
    const compiled = compilation.ok ? compilation.condition : null;
    const made = boundCondition({ ...use, resourceType }, compiled);
    if (this.known.size >= MAX_KEPT) this.known.clear();
    this.known.set(name, made);
    return made;
  }

  /** As stored data names it. One that the policy does not have always fails. */
  bindNamed(
    use: { readonly key: string; readonly params: Readonly<Record<string, AttributeValue>> },
    place: ConditionPlace,
  ): BoundCondition {
    const expression = this.named.get(use.key) ?? null;
    if (expression === null) return boundCondition({ ...use, expression: '', resourceType: null }, null);
    if (place !== NO_PLACE || Object.keys(use.params).length > 0) return this.bind({ ...use, expression }, place);
    const known = this.plain.get(use.key);
    if (known !== undefined) return known;
    const made = this.bind({ ...use, expression }, place);
    this.plain.set(use.key, made);
    return made;
  }
}

function boundCondition(
  use: Pick<BoundCondition, 'key' | 'expression' | 'params' | 'resourceType'>,
  compiled: CompiledCondition | null,
): BoundCondition {
  const readsNow = compiled?.reads.includes('now') ?? false;
  // Parameters are part of the condition, and do not change.
  const others = compiled?.reads.filter((path) => path !== 'now' && !path.startsWith('params.')) ?? [];
  const readsTimeAlone = readsNow && others.length === 0;
  const { key, expression, params, resourceType } = use;
  const statement = JSON.stringify([resourceType, expression, params]);
  const unasked = { stretch: null, stamp: 0, result: NOT_COMPILED };
  return { key, expression, params, resourceType, statement, compiled, readsNow, readsTimeAlone, ...unasked };
}
