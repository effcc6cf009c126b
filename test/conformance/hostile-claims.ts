import type { Claims } from '#engines/token-validation/identity-provider.contract.js';

/** Longer than any claim that means something, and easy to find where it does not belong. */
export const CANARY = `canary-${'x'.repeat(600)}`;

const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 60,
  '',
  ' ',
  '\u0000',
  'line\nbreak',
  '\u{1f600}',
  '../..',
  '__proto__',
  CANARY,
  [],
  [null],
  [[]],
  ['a', 1],
  {},
  { toString: 1 },
  { groups: null },
  { length: 3 },
];
const MORE_NAMES = ['_claim_names', 'hasgroups', 'typ', 'ver', 'idtyp', 'scp', 'azp', 'client_id', 'groups', 'roles', 'acr', 'x'];

/** The claims with each member gone, each member of each wrong type, and members that nobody asked for. */
export function hostileVariants(claims: Claims): readonly Claims[] {
  const names = [...new Set([...Object.keys(claims), ...MORE_NAMES])];
  const changed = names.flatMap((name) => HOSTILE_VALUES.map((value) => ({ ...claims, [name]: value })));
  return [{}, ...names.map((name) => without(claims, name)), ...changed];
}

export function without(claims: Claims, name: string): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([member]) => member !== name));
}

export function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFrozen(inner);
    Object.freeze(value);
  }
  return value;
}
