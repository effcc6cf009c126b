import type { TraceStep } from '../condition-evaluator.contract.js';
import type { CelTimestamp, Outcome } from './values.js';

/** Thrown, never a value: no operator can absorb it. One for all, so that throwing it costs no stack trace. */
export class BudgetUsedUp extends Error {}
const BUDGET_USED_UP = new BudgetUsedUp('budget used up');

/** Where attributes come from: the value of the attribute with this number, converted and checked. */
export type Loader = (index: number, frame: Frame) => Outcome;

/** One evaluation under way. */
export class Frame {
  /** Units that are left. Checked wherever it is lowered. */
  left = 0;
  now: CelTimestamp;
  readonly locals: Outcome[] = [];
  readonly attributes: (Outcome | undefined)[] = [];
  /** Characters and members of attributes that were read. */
  read = 0;
  /** Unix milliseconds from which on the evaluation may go another way, found on its way; with a moving `now` alone. */
  edge = Number.POSITIVE_INFINITY;
  /** Results of parts that are kept, where an expression is looked at part by part. */
  results: Map<object, Outcome> | undefined = undefined;
  trace: TraceStep[] | undefined = undefined;

  constructor(
    readonly load: Loader,
    now: CelTimestamp,
  ) {
    this.now = now;
  }
}

/** A compiled expression. */
export type Code = (frame: Frame) => Outcome;

/** Takes units from the budget, before the work that they stand for is done. */
export function charge(frame: Frame, units: number): void {
  if ((frame.left -= units) < 0) throw BUDGET_USED_UP;
}
