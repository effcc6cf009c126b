import type { CompiledCondition, ConditionInput, ConditionResult, TraceStep } from '../condition-evaluator.contract.js';
import { NO_VALUE, ownMember, readAttribute } from './attributes.js';
import type { Bound } from './binding.js';
import { BudgetUsedUp, type Code, Frame, type Loader } from './frame.js';
import { timestampOfMillis } from './moments.js';
import type { Attribute } from './names.js';
import { Reducer, type Residual } from './residual.js';
import { tracingCode } from './tracing.js';
import { Failure, type Outcome, Unknown } from './values.js';

/** Units of one condition. */
export const CONDITION_BUDGET = 10_000;

const OVER_BUDGET = 'it costs more than its budget';
const NOT_DECIDED = 'it is not true or false';
/** When the budget of the request does not even last for finding the next edge. */
const LOOK_AGAIN_MS = 1_000;

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
  private reducer: Reducer | undefined = undefined;
  private traced: Code | undefined = undefined;

  constructor(private readonly checked: CheckedCondition) {
    this.expression = checked.expression;
    this.reads = [...checked.attributes.map(({ path }) => path), ...(checked.readsNow ? ['now'] : [])].sort();
    this.costLimit = checked.costLimit;
  }

  evaluate(input: ConditionInput, trace?: TraceStep[]): ConditionResult {
    const frame = this.frameFor(input, 0);
    const allowed = frame.left;
    frame.trace = trace;
    const outcome = run(trace === undefined ? this.checked.code : this.tracedCode(), frame);
    const left = outcome instanceof Unknown ? this.residual(frame) : null;
    const cost = allowed - Math.max(0, frame.left);
    input.budget.left -= cost;
    if (outcome === true || outcome === false) return { outcome: outcome ? 'true' : 'false', cost };
    if (left !== null && !(left instanceof Failure))
      return { outcome: 'unknown', missing: left.missing, residual: left.text, cost };
    const failure = left ?? outcome;
    return { outcome: 'error', reason: failure instanceof Failure ? failure.message : NOT_DECIDED, cost };
  }

  nextEdge(input: ConditionInput, until: number): number | null {
    if (!this.checked.readsNow) return null;
    const frame = this.frameFor(input, 1);
    const allowed = frame.left;
    const outcome = run(this.checked.code, frame);
    input.budget.left -= allowed - Math.max(0, frame.left);
    // It did not see the whole of its way, for want of a budget that may be larger the next time.
    if (outcome === SPENT && allowed < CONDITION_BUDGET) frame.edge = Math.min(frame.edge, input.now + LOOK_AGAIN_MS);
    return frame.edge <= until ? frame.edge : null;
  }

  private residual(frame: Frame): Residual | Failure {
    this.reducer ??= new Reducer(this.checked.bound, this.checked.attributes);
    const { seconds, nanos } = frame.now;
    frame.now = timestampOfMillis(seconds * 1000 + nanos / 1_000_000, 1);
    try {
      return this.reducer.reduce(frame);
    } catch (error) {
      return failureOf(error);
    }
  }

  private tracedCode(): Code {
    return (this.traced ??= tracingCode(this.checked.bound, this.checked.attributes));
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

const SPENT = new Failure(OVER_BUDGET);
const BROKEN = new Failure('it failed');

function run(code: Code, frame: Frame): Outcome {
  try {
    return code(frame);
  } catch (error) {
    return failureOf(error);
  }
}

/** Whatever was thrown, by the caller's lookup too: nobody is granted anything for it. */
function failureOf(error: unknown): Failure {
  return error instanceof BudgetUsedUp ? SPENT : BROKEN;
}
