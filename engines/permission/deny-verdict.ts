import type { Circumstances } from './circumstances.js';
import { allOf, anyOf, isAboutResource, notOf, residualOf, type Residual } from './residual.js';
import type { OpenDeny } from './segment.js';
import type { Requirements } from './way.js';

/** A residual: it applies to some resources, and which is not known yet. */
export type DenyVerdict = 'applies' | 'does not apply' | Residual;

interface Matches {
  /** Whether one of them holds for sure. */
  readonly isMet: boolean;
  /** Whether one of them fails and nothing else is open about it, so that nobody can say. */
  readonly isFailing: boolean;
  /** What is left of those that may hold. */
  readonly open: readonly Residual[];
}

/**
 * SECURITY: a deny applies unless it is certain that it does not: also when its condition fails or cannot be decided, and when it is
 * not certain that it concerns the subject or that it excepts it. Only where everything that is not known is about a resource that
 * nobody has named does it leave the permission conditional.
 */
export function denyVerdict({ deny, concerns, excepts }: OpenDeny, circumstances: Circumstances): DenyVerdict {
  const condition = deny.condition === null ? null : circumstances.result(deny.condition);
  if (condition?.outcome === 'false') return 'does not apply';
  const concerned = concerns === null ? CERTAIN : matchesOf(concerns, circumstances, 'as true');
  if (isOutOfQuestion(concerned)) return 'does not apply';
  const excepted = matchesOf(excepts, circumstances, 'as false');
  if (excepted.isMet) return 'does not apply';
  const unless = condition?.outcome === 'unknown' ? [{ text: condition.residual, missing: condition.missing }] : [];
  return whereItApplies({ concerned, unless: [...excepted.open.map(notOf), ...unless] }, circumstances);
}

function isOutOfQuestion({ isMet, isFailing, open }: Matches): boolean {
  return !isMet && !isFailing && open.length === 0;
}

function whereItApplies(
  { concerned, unless }: { readonly concerned: Matches; readonly unless: readonly Residual[] },
  { asked }: Circumstances,
): DenyVerdict {
  const open = [...concerned.open, ...unless];
  if (open.length === 0 || asked.resource !== null) return 'applies';
  if (!open.every(({ missing }) => isAboutResource(missing))) return 'applies';
  // One alternative that fails may hold on every resource; then the others say nothing.
  const alternatives = concerned.isFailing || concerned.open.length === 0 ? [] : [anyOf(concerned.open)];
  const parts = [...alternatives, ...unless];
  return parts.length === 0 ? 'applies' : allOf(parts);
}

const CERTAIN: Matches = { isMet: true, isFailing: false, open: [] };

function matchesOf(
  alternatives: readonly Requirements[],
  circumstances: Circumstances,
  failing: 'as true' | 'as false',
): Matches {
  const open: Residual[] = [];
  let isFailing = false;
  for (const requirements of alternatives) {
    const outcome = circumstances.outcomeOf(requirements);
    if (outcome === 'true') return CERTAIN;
    if (outcome === 'false' || (outcome === 'error' && failing === 'as false')) continue;
    const residual = residualOf(requirements, circumstances);
    if (residual.text === '') isFailing = true;
    else open.push(residual);
  }
  return { isMet: false, isFailing, open };
}
