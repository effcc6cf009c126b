import type { CompiledCondition, ConditionInput, ConditionResult, TraceStep } from '../condition-evaluator.contract.js';
import { NO_VALUE, ownMember, readAttribute } from './attributes.js';
import type { Bound } from './binding.js';
import { type Code, Frame, BudgetUsedUp, type Loader } from './frame.js';
import { timestampOfMillis } from './moments.js';
import type { Attribute } from './names.js';
import { Failure, type Outcome, Unknown } from './values.js';

/** Units of one condition. */
export const CONDITION_BUDGET = 10_000;

const OVER_BUDGET = 'it costs more than its budget';

/** What is made of a text that has no faults. */
export interface CheckedCondition {
  readonly expression: string;
  readonly bound: Bound;
  readonly code: Code;
  readonly attributes: readonly Attribute[];
  readonly readsNow: boolean;
  readonly costLimit: number;
}

export class CelCompiledCondition implements CompiledCondition {
  readonly expression: string;
  readonly reads: readonly string[];
  readonly costLimit: number;

  constructor(private readonly checked: CheckedCondition) {
    this.expression = checked.expression;
    this.reads = [...checked.attributes.map(({ path }) => path), ...(checked.readsNow ? ['now'] : [])].sort();
    this.costLimit = checked.costLimit;
  }

  evaluate(input: ConditionInput, trace?: TraceStep[]): ConditionResult {
    const frame = this.frameFor(input, 0);
    const allowed = frame.left;
    frame.trace = trace;
    const outcome = run(this.checked.code, frame);
    const cost = allowed - Math.max(0, frame.left);
    input.budget.left -= cost;
    if (outcome === true || outcome === false) return { outcome: outcome ? 'true' : 'false', cost };
    if (outcome instanceof Unknown)
      return { outcome: 'unknown', missing: [...outcome.paths].sort(), residual: this.expression, cost };
    return { outcome: 'error', reason: outcome instanceof Failure ? outcome.message : 'it is not true or false', cost };
  }

  nextEdge(input: ConditionInput, until: number): number | null {
    if (!this.checked.readsNow) return null;
    const frame = this.frameFor(input, 1);
    const allowed = frame.left;
    run(this.checked.code, frame);
    input.budget.left -= allowed - Math.max(0, frame.left);
    return frame.edge <= until ? frame.edge : null;
  }

  private frameFor(input: ConditionInput, slope: 0 | 1): Frame {
    const frame = new Frame(this.loaderOf(input), timestampOfMillis(input.now, slope));
    frame.left = Math.max(0, Math.min(CONDITION_BUDGET, input.budget.left));
    return frame;
  }

  private loaderOf(input: ConditionInput): Loader {
    const { attributes } = this.checked;
    return (index, frame) => {
      const attribute = attributes[index] as Attribute;
      const { root, name } = attribute;
      const value = root === 'params' ? ownMember(input.params, name) : input.lookup(root, name);
      if (value === undefined) return new Unknown([attribute.path]);
      return value === null ? NO_VALUE : readAttribute(frame, value, attribute.type);
    };
  }
}

function run(code: Code, frame: Frame): Outcome {
  try {
    return code(frame);
  } catch (error) {
    return new Failure(error instanceof BudgetUsedUp ? OVER_BUDGET : 'it failed');
  }
}
