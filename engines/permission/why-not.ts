import type { Circumstances } from './circumstances.js';
import type { DecisionCode } from './contract.js';
import { hasBit } from './permission-set.js';
import type { Way } from './way.js';
import { areWithin } from './windows.js';

export type WayCode = Extract<
  DecisionCode,
  | 'granted'
  | 'conditional'
  | 'no_grant'
  | 'condition_false'
  | 'condition_error'
  | 'expired'
  | 'not_yet_valid'
  | 'eligible_not_active'
>;

/** The first one tells best what would have to change. */
const TELLING: readonly WayCode[] = [
  'condition_error',
  'condition_false',
  'eligible_not_active',
  'not_yet_valid',
  'expired',
  'no_grant',
];

/** Why nothing leads to the permission. Looks at every way of the subject, ended and future ones too. */
export function whyNot(position: number, circumstances: Circumstances): Exclude<WayCode, 'granted' | 'conditional'> {
  const codes = new Set<DecisionCode>();
  const { found } = circumstances.plan;
  if (found.isTooMany) return 'no_grant';
  for (const way of found.ways) if (hasBit(way.bits, position)) codes.add(wayCode(way, circumstances));
  const told = TELLING.find((code) => codes.has(code));
  return told === undefined || told === 'granted' || told === 'conditional' ? 'no_grant' : told;
}

/** How it is with one way now: it would lead there but for this, which of all that is wrong with it is told least. */
export function wayCode(way: Way, circumstances: Circumstances): WayCode {
  const { now } = circumstances;
  if (isElsewhere(way, circumstances)) return 'no_grant';
  if (way.windows.some(({ until }) => until !== null && until <= now)) return 'expired';
  if (!areWithin(way.windows, now)) return 'not_yet_valid';
  if (way.isEligible) return 'eligible_not_active';
  switch (circumstances.outcomeOf(way)) {
    case 'false':
      return 'condition_false';
    case 'error':
      return 'condition_error';
    case 'true':
      return 'granted';
    case 'unknown':
      return 'conditional';
  }
}

/** Whether it holds for other units or resources than the one that is asked about. */
function isElsewhere({ units, selectors }: Way, circumstances: Circumstances): boolean {
  return (
    units.some((unit) => circumstances.ofUnit(unit) === 'false') ||
    selectors.some((selector) => circumstances.ofSelector(selector) === 'false')
  );
}
