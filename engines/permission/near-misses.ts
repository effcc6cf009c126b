import type { Circumstances } from './circumstances.js';
import type { NearMiss } from './contract.js';
import { hasBit } from './permission-set.js';
import type { Way } from './way.js';
import { wayCode } from './why-not.js';

const MAX_ROLES = 10;

/** What nearly leads to the permission; where nothing does, which roles would. */
export function nearMissesOf(position: number, circumstances: Circumstances): readonly NearMiss[] {
  const ways = circumstances.plan.found.ways.filter((way) => hasBit(way.bits, position));
  if (ways.length === 0) return otherRoles(position, circumstances);
  return ways.flatMap((way) => nearMiss(way, circumstances) ?? []).sort((left, right) => (left.name < right.name ? -1 : 1));
}

function nearMiss(way: Way, circumstances: Circumstances): NearMiss | null {
  const { id } = way;
  const { now } = circumstances;
  switch (wayCode(way, circumstances)) {
    case 'eligible_not_active':
      return { kind: 'eligible', name: id, because: 'it would count once it is activated', at: null };
    case 'expired': {
      const ends = way.windows.flatMap(({ until }) => (until !== null && until <= now ? [until] : []));
      return { kind: 'expired', name: id, because: 'it has ended', at: Math.min(...ends) };
    }
    case 'not_yet_valid': {
      const starts = way.windows.flatMap(({ from }) => (from !== null && from > now ? [from] : []));
      return { kind: 'not_yet_valid', name: id, because: 'it has not begun', at: Math.max(...starts) };
    }
    case 'condition_false':
    case 'condition_error':
      return { kind: 'condition', name: id, because: becauseOf(way, circumstances), at: null };
    case 'no_grant':
      return { kind: 'other_unit', name: id, because: elsewhere(way), at: null };
    default:
      return null;
  }
}

function becauseOf({ conditions }: Way, circumstances: Circumstances): string {
  const told = conditions.flatMap((condition) => {
    const result = circumstances.result(condition);
    const name = condition.key ?? condition.expression;
    if (result.outcome === 'false') return [`${name} is false`];
    return result.outcome === 'error' ? [`${name} fails: ${result.reason}`] : [];
  });
  return told.join('; ');
}

function elsewhere({ units, selectors }: Way): string {
  const places = [...units.map((unit) => `unit ${unit}`), ...selectors.map(({ type }) => `some resources of type ${type}`)];
  return `it holds in ${places.join(' and ')}`;
}

function otherRoles(position: number, { plan, asked }: Circumstances): readonly NearMiss[] {
  return asked.question.policy.roles
    .map(({ key }) => plan.compiled.role(key))
    .filter(({ bits }) => hasBit(bits, position))
    .map(({ key }) => key)
    .sort()
    .slice(0, MAX_ROLES)
    .map((key): NearMiss => ({ kind: 'other_role', name: key, because: 'this role would grant it', at: null }));
}
