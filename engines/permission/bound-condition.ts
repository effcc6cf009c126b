import type { AttributeDeclaration, AttributeValue } from '#accessors/policy/contract.js';
import type { CompiledCondition, ConditionEvaluator, ConditionResult } from './condition-evaluator.contract.js';
import { conditionScope, type ConditionPlace } from './condition-scope.js';

/** A condition with its parameters, ready to be asked. The same object for everything that says the same. */
export interface BoundCondition {
  readonly key: string | null;
  readonly expression: string;
  readonly params: Readonly<Record<string, AttributeValue>>;
  /** `null`: the policy has no such condition, or it does not compile. It always fails then. */
  readonly compiled: CompiledCondition | null;
  readonly readsNow: boolean;
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
    const scope = conditionScope(this.declarations, place, use.params);
    const name = JSON.stringify([scope.resourceType, use.key, use.expression, use.params]);
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const compilation = this.evaluator.compile(use.expression, scope);
    const compiled = compilation.ok ? compilation.condition : null;
    const { key, expression, params } = use;
    const readsNow = compiled?.reads.includes('now') ?? false;
    const made = { key, expression, params, compiled, readsNow, stamp: 0, result: NOT_COMPILED };
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
    if (expression !== null) return this.bind({ ...use, expression }, place);
    return { key: use.key, expression: '', params: use.params, compiled: null, readsNow: false, stamp: 0, result: NOT_COMPILED };
  }
}
