import { hash } from 'node:crypto';
import type { ClaimMapping, RoleDefinition } from './contract.js';

/** What a version says, in one fixed order, so that documents that say the same are the same bytes. */
export interface CanonicalPolicy {
  readonly roles: readonly RoleDefinition[];
  readonly mappings: readonly ClaimMapping[];
}

export function canonicalPolicy(document: CanonicalPolicy): {
  readonly policy: CanonicalPolicy;
  readonly json: string;
  readonly sha256: Buffer;
} {
  const policy: CanonicalPolicy = {
    roles: sortedBy(document.roles.map(canonicalRole), (role) => role.key),
    mappings: distinctBy(
      document.mappings.map(({ issuer, claim, value, role }) => ({ issuer, claim, value, role })),
      (mapping) => JSON.stringify(mapping),
    ),
  };
  const json = JSON.stringify(policy);
  return { policy, json, sha256: hash('sha256', json, 'buffer') };
}

function canonicalRole({ key, inherits, grants, exclude }: RoleDefinition): RoleDefinition {
  return { key, inherits: sortedSet(inherits), grants: sortedSet(grants), exclude: sortedSet(exclude) };
}

function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function sortedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

function distinctBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return sortedBy([...new Map(items.map((item) => [keyOf(item), item])).values()], keyOf);
}
