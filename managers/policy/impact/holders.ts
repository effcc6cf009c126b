import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { ClaimMapping, PolicyContent } from '#accessors/policy/contract.js';
import type { TokenClaims } from '#engines/permission/contract.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import { NO_TOKEN } from './standing.js';

/** Somebody who has one role, group or mapped claim and nothing else. */
export interface Holder {
  readonly name: string;
  readonly facts: SubjectFacts;
  readonly claims: TokenClaims;
}

/** Every group that a policy names: holders are judged with what is assigned to it. */
export function groupsNamed(policies: readonly PolicyContent[]): readonly string[] {
  const selectors = policies.flatMap(selectorsOf).filter((selector) => selector.startsWith('group:'));
  const mapped = policies.flatMap(({ mappings }) => mappings.flatMap(({ group }) => group ?? []));
  return [...new Set([...selectors.map((selector) => selector.slice('group:'.length)), ...mapped])].sort();
}

/**
 * Everybody whom the policies speak of, one at a time. `tenant`: facts of nobody, with what is assigned to the groups that are named.
 *
 * SECURITY: a role that nobody has yet is a grant to whoever gets it next, and a mapping one to people who are not stored; a plan
 * that looked at stored subjects alone would let both pass.
 */
export function holders(policies: readonly PolicyContent[], tenant: SubjectFacts): readonly Holder[] {
  const alone: SubjectFacts = { ...tenant, subject: null, groups: [], assignments: [], grants: [] };
  const roles = new Set(policies.flatMap(({ roles }) => roles.map(({ key }) => key)));
  const subjects = policies.flatMap(selectorsOf).filter((selector) => selector.startsWith('subject:'));
  return [
    { name: 'all', facts: alone, claims: NO_TOKEN },
    ...[...roles].sort().map((role) => ({ name: `role:${role}`, facts: withRole(alone, role), claims: NO_TOKEN })),
    ...groupsNamed(policies).map((key) => ({ name: `group:${key}`, facts: inGroup(tenant, alone, key), claims: NO_TOKEN })),
    ...[...new Set(subjects)]
      .sort()
      .map((name) => ({ name, facts: named(alone, name.slice('subject:'.length)), claims: NO_TOKEN })),
    ...mapped(policies, tenant, alone),
  ];
}

function mapped(policies: readonly PolicyContent[], tenant: SubjectFacts, alone: SubjectFacts): readonly Holder[] {
  const found = new Map<string, Holder>();
  for (const { issuer, claim, value } of policies.flatMap(({ mappings }) => mappings)) {
    const name = `mapping:${issuer} ${claim}=${value}`;
    const facts = { ...alone, assignments: tenant.assignments, grants: tenant.grants };
    if (!found.has(name))
      found.set(name, {
        name,
        facts: forGroups(policies, facts, { issuer, claim, value }),
        claims: claiming(issuer, claim, value),
      });
  }
  return [...found.values()];
}

function claiming(issuer: string, claim: ClaimMapping['claim'], value: string): TokenClaims {
  return { ...NO_TOKEN, issuer, [claim]: [value] };
}

/** What is assigned to the groups that this very claim is mapped to. */
function forGroups(
  policies: readonly PolicyContent[],
  facts: SubjectFacts,
  of: Pick<ClaimMapping, 'issuer' | 'claim' | 'value'>,
): SubjectFacts {
  const same = (each: ClaimMapping) => each.issuer === of.issuer && each.claim === of.claim && each.value === of.value;
  const groups = new Set(policies.flatMap(({ mappings }) => mappings.filter(same).flatMap(({ group }) => group ?? [])));
  return {
    ...facts,
    assignments: facts.assignments.filter(({ group }) => group !== null && groups.has(group)),
    grants: facts.grants.filter(({ group }) => group !== null && groups.has(group)),
  };
}

function inGroup(tenant: SubjectFacts, alone: SubjectFacts, key: string): SubjectFacts {
  return {
    ...alone,
    groups: [{ key, valid: ALWAYS }],
    assignments: tenant.assignments.filter(({ group }) => group === key),
    grants: tenant.grants.filter(({ group }) => group === key),
  };
}

function withRole(alone: SubjectFacts, role: string): SubjectFacts {
  const assignment = {
    id: `role:${role}`,
    group: null,
    role,
    unit: null,
    condition: null,
    valid: ALWAYS,
    state: 'active' as const,
  };
  return { ...alone, assignments: [assignment] };
}

function named(alone: SubjectFacts, key: string): SubjectFacts {
  const primaryIdentity = { instance: 'nobody', externalId: key };
  return { ...alone, subject: { id: '', key, kind: 'user', status: 'active', attributes: {}, primaryIdentity } };
}

function selectorsOf({ bindings, denies }: PolicyContent): readonly string[] {
  return [
    ...bindings.map(({ principal }) => principal),
    ...denies.flatMap(({ principals, except }) => [...principals, ...except]),
  ];
}
