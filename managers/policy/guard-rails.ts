import type { Application } from '#accessors/registration/contract.js';
import type { PermissionEngine, PolicyFault } from '#engines/permission/contract.js';
import type { GuardRails } from './contract.js';
import type { Gain, ImpactTally } from './impact/impact-tally.js';
import { Patterns } from './impact/patterns.js';

const RISK = /^risk:/;
const RISKS = ['risk:low', 'risk:medium', 'risk:high'];

/** SECURITY: a guard rail that guards nothing because of a typing error is worse than none, so each must mean something. */
export function guardRailFaults(
  { maxSubjectsLosing, forbidGain = [] }: GuardRails,
  parts: { readonly engine: PermissionEngine; readonly applications: readonly Application[] },
): readonly PolicyFault[] {
  const catalogue = parts.applications.flatMap(({ permissions }) => permissions.map(({ name }) => name));
  const isCount = maxSubjectsLosing === undefined || (Number.isSafeInteger(maxSubjectsLosing) && maxSubjectsLosing >= 0);
  return [
    ...(isCount ? [] : [{ path: 'guardRails.maxSubjectsLosing', message: 'expected a whole number, 0 or more' }]),
    ...forbidGain.flatMap((value, at) => {
      const path = `guardRails.forbidGain[${String(at)}]`;
      if (RISK.test(value)) return RISKS.includes(value) ? [] : [{ path, message: `expected one of ${RISKS.join(', ')}` }];
      return parts.engine.validatePatterns([value], catalogue).map(({ message }) => ({ path, message }));
    }),
  ];
}

/** What the guard rails say against an outcome. Stored subjects and holders of roles and claims count alike for gains. */
export function guardRailRefusals(
  { maxSubjectsLosing, forbidGain = [] }: GuardRails,
  outcome: { readonly stored: ImpactTally; readonly holders: ImpactTally },
  engine: PermissionEngine,
): readonly string[] {
  const { stored, holders } = outcome;
  const losing =
    maxSubjectsLosing !== undefined && stored.losing > maxSubjectsLosing
      ? [`max_subjects_losing: ${String(stored.losing)} subjects would lose something, ${String(maxSubjectsLosing)} may`]
      : [];
  return [...losing, ...forbidGain.flatMap((value) => forbidden(value, [...stored.gains, ...holders.gains], engine))];
}

function forbidden(value: string, gains: readonly Gain[], engine: PermissionEngine): readonly string[] {
  const patterns = new Patterns(engine);
  const hits = gains.filter(({ risk, permission }) =>
    RISK.test(value) ? value === `risk:${risk}` : patterns.covers(value, permission),
  );
  const names = [...new Set(hits.map(({ permission }) => permission))].sort();
  return names.length === 0 ? [] : [`forbid_gain ${value}: ${listed(names)} would be gained`];
}

const MAX_NAMED = 10;

export function listed(names: readonly string[]): string {
  const rest = names.length - MAX_NAMED;
  return names.slice(0, MAX_NAMED).join(', ') + (rest > 0 ? ` and ${String(rest)} more` : '');
}
