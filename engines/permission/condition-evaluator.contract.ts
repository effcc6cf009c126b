/**
 * A plug-in that compiles and evaluates conditions. Built in: CEL. Kit: test/conformance. Nothing that it is given may make it take
 * longer than its budget, read anything but the attributes that it is handed, or throw.
 */
import type { AttributeDeclaration, AttributeValue } from '#accessors/policy/contract.js';

export interface ConditionFault {
  /** Offset in the text, from 0; `null`: the whole. */
  readonly at: number | null;
  readonly message: string;
}

/** What a condition may read: `subject`, `tenant`, `session`, `context`, `resource`, `params`, and `now`. */
export interface ConditionScope {
  readonly declarations: readonly AttributeDeclaration[];
  /** The type of resource that it is about; `null`: it may read no `resource.*` but `id`, `type`, `unit` and `path`. */
  readonly resourceType: string | null;
  /** Values that `params.*` will have; types are taken from them. */
  readonly params: Readonly<Record<string, AttributeValue>>;
}

export type ConditionCompilation =
  | { readonly ok: true; readonly condition: CompiledCondition }
  | { readonly ok: false; readonly faults: readonly ConditionFault[] };

/** `undefined` from `lookup`: not known. Own members only; the evaluator never looks further than the value it is handed. */
export interface ConditionInput {
  /** The value of `subject.department`; `undefined`: unknown. */
  readonly lookup: (root: string, name: string) => AttributeValue | undefined;
  readonly params: Readonly<Record<string, AttributeValue>>;
  /** Unix milliseconds. */
  readonly now: number;
  /** Shared by all conditions of one request; each evaluation takes from it what it costs. */
  readonly budget: ConditionBudget;
}

/** Units that are left: of the one condition, at most 10,000, and of the request, at most 200,000. */
export interface ConditionBudget {
  left: number;
}

export type ConditionResult =
  | { readonly outcome: 'true' | 'false'; readonly cost: number }
  /** `residual`: the condition with everything known put in. */
  | { readonly outcome: 'unknown'; readonly missing: readonly string[]; readonly residual: string; readonly cost: number }
  | { readonly outcome: 'error'; readonly reason: string; readonly cost: number };

export interface TraceStep {
  readonly expression: string;
  readonly value: AttributeValue | { readonly unknown: readonly string[] } | { readonly error: string };
}

export interface CompiledCondition {
  readonly expression: string;
  /** Paths that it may read, sorted: `context.ip`, `now`. */
  readonly reads: readonly string[];
  /** No evaluation costs more, as far as can be told before; at most the budget of one condition. */
  readonly costLimit: number;

  /** Never throws. Stops with `error` when the budget is used up, traced or not. */
  evaluate(input: ConditionInput, trace?: TraceStep[]): ConditionResult;

  /**
   * The next moment after `now`, in Unix milliseconds and not after `until`, at which the result may become another one by the
   * passing of time alone; `null`: none. Never too late; it may be one at which nothing changes.
   */
  nextEdge(input: ConditionInput, until: number): number | null;
}

export interface ConditionEvaluator {
  /** `cel`. */
  readonly language: string;

  /** Everything that the language or its subset leaves out is a fault with its reason. Cheap to call again for the same text. */
  compile(expression: string, scope: ConditionScope): ConditionCompilation;
}

export const CONDITION_EVALUATOR: unique symbol = Symbol('ConditionEvaluator');
