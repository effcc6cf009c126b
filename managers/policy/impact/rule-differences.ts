import type { PolicyContent, PrincipalSelector, RoleDefinition } from '#accessors/policy/contract.js';

/** A rule that one of two policies has otherwise than the other, or alone. */
export interface DifferingRule {
  /** `role:clerk`, `binding:emea-small`, `deny:no-export`, `gate:g3`, `step-up:s1`, `mapping:contoso groups=fin`, `tier:pro`. */
  readonly rule: string;
  readonly kind: 'role' | 'binding' | 'deny' | 'gate' | 'step-up' | 'mapping' | 'tier' | 'condition' | 'attribute';
  /** Patterns that it speaks of, before and after; `null`: it may concern any permission. */
  readonly patterns: readonly string[] | null;
  /** Roles by which it concerns somebody; `null`: not by a role. */
  readonly roles: readonly string[] | null;
  /** Principals whom it concerns; `null`: everybody. */
  readonly principals: readonly PrincipalSelector[] | null;
}

/** Every rule that differs, sorted by name; nothing where both say the same. */
export function differingRules(before: PolicyContent, after: PolicyContent): readonly DifferingRule[] {
  const reach = new RoleReach([before.roles, after.roles]);
  const rules = [
    ...differing(before.roles, after.roles, ({ key }) => key).map(({ name }): DifferingRule => {
      const roles = reach.descendantsOf(name);
      return { rule: `role:${name}`, kind: 'role', patterns: reach.patternsOf(roles), roles, principals: null };
    }),
    ...differing(before.bindings, after.bindings, ({ id }) => id).map(({ name, items }): DifferingRule => ({
      rule: `binding:${name}`,
      kind: 'binding',
      patterns: items.flatMap(({ role, permissions }) => [...permissions, ...(role === null ? [] : reach.patternsOf([role]))]),
      roles: null,
      principals: items.map(({ principal }) => principal),
    })),
    ...differing(before.denies, after.denies, ({ id }) => id).map(({ name, items }): DifferingRule => ({
      rule: `deny:${name}`,
      kind: 'deny',
      patterns: items.flatMap(({ permissions }) => permissions),
      roles: null,
      principals: items.flatMap(({ principals, except }) => [...principals, ...except]),
    })),
    ...differing(before.gates, after.gates, ({ id }) => id).map(({ name, items }) => forPatterns('gate', name, items)),
    ...differing(before.stepUps, after.stepUps, ({ id }) => id).map(({ name, items }) => forPatterns('step-up', name, items)),
    ...differing(before.mappings, after.mappings, (each) =>
      JSON.stringify([each.issuer, each.claim, each.value, each.role, each.group ?? null]),
    ).map(({ items }): DifferingRule => {
      const [{ issuer, claim, value } = { issuer: '', claim: '', value: '' }] = items;
      const roles = items.flatMap(({ role }) => (role === null ? [] : [role]));
      const rule = `mapping:${issuer} ${claim}=${value}`;
      return { rule, kind: 'mapping', patterns: reach.patternsOf(roles), roles: null, principals: [] };
    }),
    ...tierDifferences(before, after),
    ...differing(before.conditions, after.conditions, ({ key }) => key).map(({ name }) => forAll('condition', name)),
    ...differing(before.attributes, after.attributes, ({ root, resourceType, name }) =>
      [root, resourceType ?? '', name].join('.'),
    ).map(({ name }) => forAll('attribute', name)),
  ];
  return rules.sort((one, other) => (one.rule < other.rule ? -1 : 1));
}

function forPatterns(
  kind: 'gate' | 'step-up',
  name: string,
  items: readonly { readonly permissions: readonly string[] }[],
): DifferingRule {
  const patterns = items.flatMap(({ permissions }) => permissions);
  return { rule: `${kind}:${name}`, kind, patterns, roles: null, principals: null };
}

function forAll(kind: 'tier' | 'condition' | 'attribute', name: string): DifferingRule {
  return { rule: `${kind}:${name}`, kind, patterns: null, roles: null, principals: null };
}

/** The place of a tier among the others is part of what it says. */
function tierDifferences(before: PolicyContent, after: PolicyContent): readonly DifferingRule[] {
  const ranked = ({ tiers }: PolicyContent) => tiers.map((tier, rank) => ({ ...tier, rank }));
  return differing(ranked(before), ranked(after), ({ key }) => key).map(({ name }) => forAll('tier', name));
}

function differing<Item>(
  before: readonly Item[],
  after: readonly Item[],
  nameOf: (item: Item) => string,
): readonly { readonly name: string; readonly items: readonly Item[] }[] {
  const was = grouped(before, nameOf);
  const is = grouped(after, nameOf);
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
    const [old = [], now = []] = [was.get(name), is.get(name)];
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ name, items: [...old, ...now] }];
  });
}

function grouped<Item>(items: readonly Item[], nameOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

/** Which roles have which by inheritance, in either of the policies. */
class RoleReach {
  private readonly definitions = new Map<string, RoleDefinition[]>();

  constructor(policies: readonly (readonly RoleDefinition[])[]) {
    for (const role of policies.flat()) {
      const known = this.definitions.get(role.key);
      if (known === undefined) this.definitions.set(role.key, [role]);
      else known.push(role);
    }
  }

  /** The role and all that inherit from it. */
  descendantsOf(key: string): readonly string[] {
    const found = new Set([key]);
    for (const each of found) {
      for (const [heir, definitions] of this.definitions) {
        if (definitions.some(({ inherits }) => inherits.includes(each))) found.add(heir);
      }
    }
    return [...found];
  }

  /** Everything that the roles grant or exclude themselves or by inheritance. */
  patternsOf(keys: readonly string[]): readonly string[] {
    const seen = new Set(keys);
    for (const each of seen) {
      for (const { inherits } of this.definitions.get(each) ?? []) for (const parent of inherits) seen.add(parent);
    }
    const definitions = [...seen].flatMap((each) => this.definitions.get(each) ?? []);
    return [...new Set(definitions.flatMap(({ grants, exclude }) => [...grants, ...exclude]))];
  }
}
