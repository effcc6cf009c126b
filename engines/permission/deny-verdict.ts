import type { Circumstances } from './circumstances.js';
import type { ConditionResult } from './condition-evaluator.contract.js';
import { allOf, anyOf, isAboutResource, leastAsking, notOf, residualOf, type Alternative, type Residual } from './residual.js';
import type { OpenDeny } from './segment.js';
import type { Requirements } from './way.js';

/** A residual: it applies to some resources, and which is not known yet. */
export type DenyVerdict = 'applies' | 'does not apply' | Residual;

interface Matches {
  /** Whether one of them counts for sure. */
  readonly isMet: boolean;
  /** What is left of those that may come to count. */
  readonly open: readonly Alternative[];
}

const CERTAIN: Matches = { isMet: true, open: [] };

/**
 * SECURITY: a deny applies unless it is certain that it does not: also when its condition fails or cannot be decided, and when it is
 * not certain that it concerns the subject or that it excepts it. Only where everything that is not known is about a resource that
 * nobody has named does it leave the permission conditional.
 */
export function denyVerdict({ deny, concerns, excepts }: OpenDeny, circumstances: Circumstances): DenyVerdict {
  const condition = deny.condition === null ? null : circumstances.result(deny.condition);
  if (condition?.outcome === 'false') return 'does not apply';
  const concerned = concerns === null ? CERTAIN : matchesOf(concerns, circumstances, 'as so');
  if (!concerned.isMet && concerned.open.length === 0) return 'does not apply';
  const excepted = matchesOf(excepts, circumstances, 'as not so');
  if (excepted.isMet) return 'does not apply';
  const open: Residual[] = leastAsking(excepted.open).map(notOf);
  if (!concerned.isMet) open.push(anyOf(concerned.open));
  return whereItApplies([...open, ...leftOf(condition)], circumstances);
}

function leftOf(condition: ConditionResult | null): readonly Residual[] {
  return condition?.outcome === 'unknown' ? [{ text: condition.residual, missing: condition.missing }] : [];
}

function whereItApplies(open: readonly Residual[], { asked }: Circumstances): DenyVerdict {
  if (open.length === 0 || asked.resource !== null) return 'applies';
  return open.every(({ missing }) => isAboutResource(missing)) ? allOf(open) : 'applies';
}

/**
 * What fails can be neither shown nor excluded: whom a deny concerns it counts as so, whom it excepts as not so. What else is asked
 * for may still be false, so that a deny of a role that is held in one place, if at all, applies in that place alone.
 */
function matchesOf(alternatives: readonly Requirements[], circumstances: Circumstances, failing: 'as so' | 'as not so'): Matches {
  const open: Alternative[] = [];
  for (const requirements of alternatives) {
    const outcome = circumstances.outcomeOf(requirements);
    if (outcome === 'true') return CERTAIN;
    if (outcome === 'false' || (outcome === 'error' && failing === 'as not so')) continue;
    const left = residualOf(requirements, circumstances);
    if (left.asks.length === 0) return CERTAIN;
    open.push(left);
  }
  return { isMet: false, open };
}
