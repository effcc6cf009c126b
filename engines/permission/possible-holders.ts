import type { PolicyBinding } from '#accessors/policy/contract.js';
import type { CompiledPolicy } from './compiled-policy.js';
import type { PossibleHolders } from './contract.js';
import { hasBit } from './permission-set.js';

const ONE = '*';
const MANY = '**';

/** Who could have one permission at all, by the rules alone: whatever narrows a rule is left to the decision on each of them. */
export function possibleHolders(compiled: CompiledPolicy, position: number): PossibleHolders {
  const { policy } = compiled.index;
  const roles = rolesLeadingTo(compiled, position);
  const leads = (binding: PolicyBinding): boolean => leadsTo(binding, roles, { compiled, position });
  const principals = policy.bindings.filter(leads).map(({ principal }) => principal);
  const named = (kind: string): readonly string[] => [
    ...new Set(principals.filter((each) => each.startsWith(kind)).map((each) => each.slice(kind.length))),
  ];
  return {
    everybody: principals.includes('all'),
    roles: [...roles],
    subjects: named('subject:'),
    groups: named('group:'),
    patterns: patternsCovering(compiled.catalogue.names[position] ?? ''),
  };
}

interface Sought {
  readonly compiled: CompiledPolicy;
  readonly position: number;
}

/** Roles that hold it, and roles that any chain of bindings leads on to it from; also those that only bindings know. */
function rolesLeadingTo(compiled: CompiledPolicy, position: number): ReadonlySet<string> {
  const { policy } = compiled.index;
  const bound = policy.bindings.flatMap(({ principal }) => (principal.startsWith('role:') ? [principal.slice(5)] : []));
  const keys = [...new Set([...policy.roles.map(({ key }) => key), ...bound])];
  const found = new Set(keys.filter((key) => hasBit(compiled.role(key).bits, position)));
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const key of keys) {
      if (!found.has(key) && compiled.role(key).bindings.some((each) => leadsTo(each, found, { compiled, position })))
        found.add(key);
    }
  }
  return found;
}

function leadsTo({ role, permissions }: PolicyBinding, roles: ReadonlySet<string>, { compiled, position }: Sought): boolean {
  return role === null ? hasBit(compiled.catalogue.coveredBy(permissions), position) : roles.has(role);
}

/** Every pattern that covers the name, and the name: at most 265, since a name has at most six segments. */
export function patternsCovering(name: string): readonly string[] {
  const segments = name.split(':');
  const { length } = segments;
  const patterns = new Set<string>([MANY]);
  for (let from = 0; from <= length; from++) {
    for (let to = from; to <= length; to++) {
      for (const fixed of withStars(segments.slice(from, to))) {
        patterns.add([...(from > 0 ? [MANY] : []), ...fixed, ...(to < length ? [MANY] : [])].join(':'));
      }
    }
  }
  return [...patterns];
}

function withStars(segments: readonly string[]): readonly (readonly string[])[] {
  return segments.reduce<readonly (readonly string[])[]>(
    (made, segment) =>
      made.flatMap((each) => [
        [...each, segment],
        [...each, ONE],
      ]),
    [[]],
  );
}
