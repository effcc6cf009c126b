import { Circumstances, type Asked } from './circumstances.js';
import type { SubjectPlan } from './subject-plan.js';

/** How many moments are looked at; whoever needs more is told to ask again at the last of them, which is too early at worst. */
const MAX_STEPS = 2000;

export interface HorizonQuestion {
  readonly plan: SubjectPlan;
  readonly asked: Asked;
  readonly until: number;
  /** Whether the answer in these circumstances is the one that was given. */
  readonly isSame: (circumstances: Circumstances) => boolean;
}

/**
 * Unix milliseconds of the first moment, not after `until`, at which the answer is another one: walks from one edge to the next and
 * computes the answer there again. Between two edges nothing can change.
 *
 * @param first the circumstances in which the answer was given
 */
export function firstFlip(first: Circumstances, question: HorizonQuestion): number | null {
  let circumstances = first;
  for (let step = 0; step < MAX_STEPS; step++) {
    const edge = circumstances.nextEdge(question.until);
    if (edge === null) return null;
    circumstances = new Circumstances(question.plan, question.asked, edge);
    if (!question.isSame(circumstances)) return edge;
  }
  return circumstances.now;
}
