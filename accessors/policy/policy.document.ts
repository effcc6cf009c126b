import { hash } from 'node:crypto';
import type { AttributeValue, ClaimMapping, ConditionUse, PolicyContent, RoleDefinition } from './contract.js';

/** A policy in one fixed order, so that contents that say the same are the same bytes. */
export interface CanonicalPolicy {
  /** Every section, every member. */
  readonly content: PolicyContent;
  /**
   * What is stored and hashed. Empty sections and members that say nothing are left out: what could be said before there was more
   * to say still has the digest that it had.
   */
  readonly json: string;
  readonly sha256: Buffer;
}

export function canonicalPolicy(stated: Partial<PolicyContent>): CanonicalPolicy {
  const content = canonicalContent(stated);
  const json = JSON.stringify(terse(content));
  return { content, json, sha256: hash('sha256', json, 'buffer') };
}

/** The content of a stored document, of whatever age. A stored document is canonical; what it leaves out is empty. */
export function contentOf(document: unknown): PolicyContent {
  return canonicalContent(document as Partial<PolicyContent>);
}

function canonicalContent(stated: Partial<PolicyContent>): PolicyContent {
  const { attributes = [], conditions = [], roles = [], mappings = [], bindings = [] } = stated;
  const { tiers = [], gates = [], denies = [], stepUps = [] } = stated;
  return {
    attributes: distinct(
      attributes.map(({ root, resourceType, name, type, source }) => ({ root, resourceType, name, type, source })),
      ({ root, resourceType, name }) => JSON.stringify([root, resourceType, name]),
    ),
    conditions: sorted(
      conditions.map(({ key, expression }) => ({ key, expression })),
      ({ key }) => key,
    ),
    roles: sorted(roles.map(canonicalRole), ({ key }) => key),
    mappings: distinct(mappings.map(canonicalMapping), (mapping) => JSON.stringify(mapping)),
    bindings: sorted(
      bindings.map(({ id, principal, role, permissions, unit, condition, resource, valid }) => ({
        id,
        principal,
        role,
        permissions: set(permissions),
        unit,
        condition: canonicalCondition(condition),
        resource:
          resource === null
            ? null
            : { type: resource.type, ids: resource.ids === null ? null : set(resource.ids), path: resource.path },
        valid: { from: valid.from, until: valid.until },
      })),
      ({ id }) => id,
    ),
    // Tiers are listed from the lowest to the highest: the one order that means something.
    tiers: tiers.map(({ key, flags }) => ({ key, flags: set(flags) })),
    gates: sorted(
      gates.map(({ id, permissions, tier, flags }) => ({ id, permissions: set(permissions), tier, flags: set(flags) })),
      ({ id }) => id,
    ),
    denies: sorted(
      denies.map(({ id, principals, permissions, except, condition, valid }) => ({
        id,
        principals: set(principals),
        permissions: set(permissions),
        except: set(except),
        condition: canonicalCondition(condition),
        valid: { from: valid.from, until: valid.until },
      })),
      ({ id }) => id,
    ),
    stepUps: sorted(
      stepUps.map(({ id, permissions, acr, maxAuthAgeSeconds }) => ({
        id,
        permissions: set(permissions),
        acr: set(acr),
        maxAuthAgeSeconds,
      })),
      ({ id }) => id,
    ),
    routes: canonicalRoutes(stated.routes),
  };
}

function canonicalRoutes(routes: PolicyContent['routes'] = []): PolicyContent['routes'] {
  return distinct(
    routes.map(({ match, application, permission, resource }) => ({
      ...{ match, application, permission },
      resource: resource === null ? null : { type: resource.type, id: resource.id },
    })),
    (route) => JSON.stringify(route),
  );
}

function canonicalRole({ key, inherits, grants, exclude, assignment }: RoleDefinition): RoleDefinition {
  const role = { key, inherits: set(inherits), grants: set(grants), exclude: set(exclude) };
  return assignment === 'eligible' ? { ...role, assignment } : role;
}

function canonicalMapping({ issuer, claim, value, role, group, unit, condition }: ClaimMapping): Required<ClaimMapping> {
  return {
    issuer,
    claim,
    value,
    role,
    group: group ?? null,
    unit: unit ?? null,
    condition: canonicalCondition(condition ?? null),
  };
}

function canonicalCondition(condition: ConditionUse | null): ConditionUse | null {
  if (condition === null) return null;
  const { key, expression, params } = condition;
  return { key, expression, params: ordered(params) };
}

function ordered(record: Readonly<Record<string, AttributeValue>>): Readonly<Record<string, AttributeValue>> {
  const members = sorted(Object.entries(record), ([name]) => name);
  return Object.fromEntries(members.map(([name, value]) => [name, orderedValue(value)]));
}

function orderedValue(value: AttributeValue): AttributeValue {
  if (Array.isArray(value)) return (value as readonly AttributeValue[]).map(orderedValue);
  if (value === null || typeof value !== 'object') return value;
  return ordered(value as Readonly<Record<string, AttributeValue>>);
}

function terse(content: PolicyContent): object {
  const { roles, mappings, ...others } = content;
  const filled = Object.entries(others).filter(([, section]) => (section as readonly unknown[]).length > 0);
  return { roles, mappings: mappings.map(terseMapping), ...Object.fromEntries(filled) };
}

function terseMapping({ issuer, claim, value, role, ...rest }: ClaimMapping): object {
  return { issuer, claim, value, role, ...Object.fromEntries(Object.entries(rest).filter(([, member]) => member !== null)) };
}

function set(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function sorted<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

function distinct<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  return sorted([...new Map(items.map((item) => [keyOf(item), item])).values()], keyOf);
}
