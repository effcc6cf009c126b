import type { Circumstances } from './circumstances.js';
import type { CheckDecision, DecisionCode, PermissionQuestion } from './contract.js';
import { denyVerdict } from './deny-verdict.js';
import { isOpenedOutside, isSteppedUp } from './effective-set.js';
import type { PermissionCatalogue } from './permission-catalogue.js';
import { hasBit } from './permission-set.js';
import { allOf, anyOf, notOf, residualOf, type Residual } from './residual.js';
import type { Segment } from './segment.js';
import type { Way } from './way.js';
import { whyNot } from './why-not.js';

const NONE: readonly never[] = Object.freeze([]);
const GRANTED: CheckDecision = Object.freeze({
  allowed: true,
  code: 'granted',
  residual: null,
  missing: NONE,
  stepUp: null,
});
const DENIALS = new Map<DecisionCode, CheckDecision>();

/** The same frozen object for the same code. */
export function denied(code: Exclude<DecisionCode, 'granted'>): CheckDecision {
  const known = DENIALS.get(code);
  if (known !== undefined) return known;
  const made = Object.freeze({ allowed: false, code, residual: null, missing: NONE, stepUp: null });
  DENIALS.set(code, made);
  return made;
}

/** What can be said without looking at circumstances, since nothing depends on them; `null`: nothing. */
export function settledAt(position: number, segment: Segment, question: PermissionQuestion): CheckDecision | null {
  if (!hasBit(segment.granted, position)) return hasBit(segment.reach, position) ? null : denied('no_grant');
  if (!segment.isSettled) return null;
  if (hasBit(segment.closed, position)) return denied('gate.tier');
  if (!isWithinLimits(position, segment.catalogue, question)) return denied('boundary');
  return hasBit(segment.denied, position) ? denied('deny_rule') : GRANTED;
}

/** One permission, by the same rules as the whole set; stops at the first thing that decides. */
export function decideAt(position: number, circumstances: Circumstances): CheckDecision {
  const ways = hasBit(circumstances.segment.granted, position) ? null : openWays(position, circumstances);
  if (ways?.length === 0) return denied(whyNot(position, circumstances));
  const blocked = blockedBy(position, circumstances);
  if (blocked !== null) return blocked;
  const denies = partialDenies(position, circumstances);
  if (denies === null) return denied('deny_rule');
  if (!isSteppedUpFor(position, circumstances)) return stepUpDecision(position, circumstances);
  if (ways === null && denies.length === 0) return GRANTED;
  const alternatives = ways === null ? NONE : [anyOf(ways.map((way) => residualOf(way, circumstances)))];
  return leftOpen(allOf([...alternatives, ...denies.map(notOf)]));
}

function isWithinLimits(
  position: number,
  catalogue: PermissionCatalogue,
  { boundary, ceiling, ceilings = NONE, facts }: PermissionQuestion,
): boolean {
  if (!hasBit(catalogue.coveredBy(boundary), position)) return false;
  if (ceiling !== null && !hasBit(catalogue.coveredBy(ceiling), position)) return false;
  for (const further of ceilings) if (!hasBit(catalogue.coveredBy(further), position)) return false;
  return facts.tenantBoundary === null || hasBit(catalogue.coveredBy(facts.tenantBoundary), position);
}

/** Ways that may lead there; `null`: one does for sure. */
function openWays(position: number, circumstances: Circumstances): readonly Way[] | null {
  const open: Way[] = [];
  for (const way of circumstances.segment.guarded) {
    if (!hasBit(way.bits, position)) continue;
    const outcome = circumstances.outcomeOf(way);
    if (outcome === 'true') return null;
    if (outcome === 'unknown') open.push(way);
  }
  return open;
}

/** Gates, boundaries, and denies that nothing but time decides. */
function blockedBy(position: number, circumstances: Circumstances): CheckDecision | null {
  const { segment, asked } = circumstances;
  if (hasBit(segment.closed, position)) return denied('gate.tier');
  for (const gate of segment.flagGates) {
    if (hasBit(gate.gate.bits, position) && !isOpenedOutside(gate, circumstances)) return denied('gate.flag');
  }
  if (!isWithinLimits(position, segment.catalogue, asked.question)) return denied('boundary');
  return hasBit(segment.denied, position) ? denied('deny_rule') : null;
}

/** What denies leave open; `null`: one applies. */
function partialDenies(position: number, circumstances: Circumstances): readonly Residual[] | null {
  const { openDenies } = circumstances.segment;
  if (openDenies.length === 0) return NONE;
  const partial: Residual[] = [];
  for (const openDeny of openDenies) {
    if (!hasBit(openDeny.deny.bits, position)) continue;
    const verdict = denyVerdict(openDeny, circumstances);
    if (verdict === 'applies') return null;
    if (verdict !== 'does not apply') partial.push(verdict);
  }
  return partial;
}

function isSteppedUpFor(position: number, circumstances: Circumstances): boolean {
  for (const step of circumstances.plan.compiled.stepUps) {
    if (hasBit(step.bits, position) && !isSteppedUp(step, circumstances)) return false;
  }
  return true;
}

/** What one authentication would have to be to meet every step-up of the permission. */
function stepUpDecision(position: number, { plan }: Circumstances): CheckDecision {
  const steps = plan.compiled.stepUps.filter(({ bits }) => hasBit(bits, position)).map(({ rule }) => rule);
  const lists = steps.map(({ acr }) => acr).filter((acr) => acr.length > 0);
  const all = [...new Set(lists.flat())].sort();
  const common = all.filter((acr) => lists.every((list) => list.includes(acr)));
  const ages = steps.flatMap(({ maxAuthAgeSeconds }) => maxAuthAgeSeconds ?? NONE);
  return {
    ...denied('step_up_required'),
    // Where no single value meets them all nobody can pass; naming all is then better than naming none, which would mean any.
    stepUp: { acr: common.length > 0 ? common : all, maxAuthAgeSeconds: ages.length === 0 ? null : Math.min(...ages) },
  };
}

function leftOpen({ text, missing }: Residual): CheckDecision {
  const isForTheAsker = missing.every((path) => path.startsWith('resource.') || path.startsWith('context.'));
  return { allowed: false, code: isForTheAsker ? 'conditional' : 'condition_unknown', residual: text, missing, stepUp: null };
}
