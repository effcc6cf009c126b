import type { PolicyVersion } from '#accessors/policy/contract.js';

/** Of the claims of one issuer, the values that a policy maps. */
interface MappedValues {
  readonly roles: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

const known = new WeakMap<PolicyVersion, Map<string, MappedValues>>();

/** Worked out once for each version and issuer. */
export function mappedValues(policy: PolicyVersion, issuer: string): MappedValues {
  const ofPolicy = known.get(policy) ?? new Map<string, MappedValues>();
  const kept = ofPolicy.get(issuer);
  if (kept !== undefined) return kept;

  const valuesOf = (claim: 'roles' | 'groups'): ReadonlySet<string> =>
    new Set(policy.mappings.filter((each) => each.issuer === issuer && each.claim === claim).map(({ value }) => value));
  const made = { roles: valuesOf('roles'), groups: valuesOf('groups') };
  known.set(policy, ofPolicy.set(issuer, made));
  return made;
}
