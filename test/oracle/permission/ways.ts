/** All ways in which a subject comes to a role or a permission, each a list of what has to be so. */
import type { PolicyBinding, RoleDefinition } from '#accessors/policy/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import { coveredBy, isPattern } from './names.js';
import type { Question } from './question.js';

export interface Condition {
  /** `null`: the policy has none of the name that is asked for. */
  readonly expression: string | null;
  readonly params: Readonly<Record<string, unknown>>;
  /** Type of the resources whose attributes it may read; `null`: of none. */
  readonly about: string | null;
}

export type Requirement =
  | { readonly is: 'window'; readonly window: TimeWindow }
  | { readonly is: 'condition'; readonly condition: Condition }
  | { readonly is: 'unit'; readonly unit: string }
  | { readonly is: 'resource'; readonly type: string; readonly ids: readonly string[] | null; readonly path: string | null }
  | { readonly is: 'activation' };

export interface Way {
  readonly name: string;
  readonly requirements: readonly Requirement[];
}

interface Rule {
  readonly unit?: string | null;
  readonly resource?: { readonly type: string; readonly ids: readonly string[] | null; readonly path: string | null } | null;
  readonly valid?: TimeWindow;
  readonly state?: 'active' | 'eligible';
  readonly permissions?: readonly string[];
  readonly condition?:
    | { readonly key: string | null; readonly expression: string; readonly params: Readonly<Record<string, unknown>> }
    | { readonly key: string; readonly params: Readonly<Record<string, unknown>> }
    | null;
}

export class Ways {
  readonly #question: Question;
  readonly #known = new Map<string, readonly Way[]>();

  constructor(question: Question) {
    this.#question = question;
  }

  toPermission(permission: string): readonly Way[] {
    const { policy, facts } = this.#question;
    const byRole = policy.roles
      .filter((role) => this.#isAlone(role) && grants(role, permission))
      .flatMap(({ key }) => this.toRole(key));
    const byBinding = policy.bindings
      .filter((binding) => coveredBy(binding.permissions, permission))
      .flatMap((binding) => this.#through(binding, []));
    const byGrant = facts.grants
      .filter((grant) => coveredBy(grant.permissions, permission))
      .flatMap((grant) => this.#joined(this.#toGroup(grant.group), this.#requirements(grant), grant.id));
    return [...byRole, ...byBinding, ...byGrant];
  }

  /** Whoever has a role that inherits from it has it too. */
  toRole(role: string): readonly Way[] {
    const known = this.#known.get(role) ?? this.#toRole(role, []);
    this.#known.set(role, known);
    return known;
  }

  toPrincipal(selector: string): readonly Way[] {
    return this.#toPrincipal(selector, []);
  }

  /** `used`: bindings and roles on the way here; to come by one twice leads nowhere new. */
  #toRole(role: string, used: readonly string[]): readonly Way[] {
    if (used.includes(`role ${role}`)) return [];
    const here = [...used, `role ${role}`];
    const { policy, facts } = this.#question;
    const assigned = [...facts.assignments, ...facts.grants]
      .filter((each) => each.role === role)
      .flatMap((each) => this.#joined(this.#toGroup(each.group), this.#requirements(each), each.id));
    const mapped = this.#mappings()
      .filter((mapping) => mapping.role === role)
      .map((mapping) => ({
        name: `mapping:${mapping.claim}=${mapping.value}`,
        requirements: this.#requirements(mapping),
      }));
    const bound = policy.bindings.filter((binding) => binding.role === role).flatMap((binding) => this.#through(binding, here));
    const inherited = policy.roles
      .filter((heir) => this.#isAlone(heir) && heir.inherits.includes(role))
      .flatMap((heir) => this.#toRole(heir.key, here));
    return [...assigned, ...mapped, ...bound, ...inherited];
  }

  #toPrincipal(selector: string, used: readonly string[]): readonly Way[] {
    if (selector === 'all') return [{ name: 'all', requirements: [] }];
    const [, kind, key = ''] = /^(\w+):(.*)$/s.exec(selector) ?? [];
    if (kind === 'subject') return this.#question.facts.subject?.key === key ? [{ name: selector, requirements: [] }] : [];
    if (kind === 'group') return this.#toGroup(key);
    return kind === 'role' ? this.#toRole(key, used) : [];
  }

  #through(binding: PolicyBinding, used: readonly string[]): readonly Way[] {
    const here = `binding ${binding.id}`;
    if (used.includes(here)) return [];
    return this.#joined(this.#toPrincipal(binding.principal, [...used, here]), this.#requirements(binding), binding.id);
  }

  /** `null`: the subject itself. */
  #toGroup(group: string | null): readonly Way[] {
    if (group === null) return [{ name: 'subject', requirements: [] }];
    const stored = this.#question.facts.groups
      .filter(({ key }) => key === group)
      .map(({ valid }): Way => ({ name: `group:${group}`, requirements: [{ is: 'window', window: valid }] }));
    const mapped = this.#mappings()
      .filter(({ group: into }) => typeof into === 'string' && (into === group || this.#isWithin(into, group)))
      .map((mapping) => ({ name: `group:${group}`, requirements: this.#requirements(mapping) }));
    return [...stored, ...mapped];
  }

  /** Groups in groups; memberships that are stored are told with what follows from them. */
  #isWithin(group: string, ancestor: string): boolean {
    return this.#question.facts.nesting.some((each) => each.group === group && each.ancestor === ancestor);
  }

  #mappings(): Question['policy']['mappings'] {
    const { policy, claims } = this.#question;
    return policy.mappings.filter(
      ({ issuer, claim, value }) =>
        claims.issuer !== '' &&
        issuer === claims.issuer &&
        (claim === 'roles' ? claims.roles : (claims.groups ?? [])).includes(value),
    );
  }

  #joined(ways: readonly Way[], requirements: readonly Requirement[], name: string): readonly Way[] {
    return ways.map((way) => ({
      name,
      requirements: [...way.requirements, ...requirements],
    }));
  }

  #requirements(rule: Rule): readonly Requirement[] {
    return [
      ...(rule.state === 'eligible' ? [{ is: 'activation' } as const] : []),
      ...(rule.valid === undefined ? [] : [{ is: 'window', window: rule.valid } as const]),
      ...(typeof rule.unit === 'string' ? [{ is: 'unit', unit: rule.unit } as const] : []),
      ...(rule.resource ? [{ is: 'resource', ...rule.resource } as const] : []),
      ...(rule.condition
        ? [{ is: 'condition', condition: conditionOf(rule, rule.condition, this.#question.policy) } as const]
        : []),
    ];
  }

  /** A key that two roles claim counts for neither. */
  #isAlone(role: RoleDefinition): boolean {
    return this.#question.policy.roles.filter(({ key }) => key === role.key).length === 1;
  }
}

/** An exclusion that cannot be read takes everything. */
function grants(role: RoleDefinition, permission: string): boolean {
  const { exclude } = role;
  return coveredBy(role.grants, permission) && exclude.every((pattern) => isPattern(pattern)) && !coveredBy(exclude, permission);
}

export function conditionOf(rule: Rule, use: NonNullable<Rule['condition']>, policy: Question['policy']): Condition {
  const about = typeReadBy(rule, policy);
  if ('expression' in use) return { expression: use.expression, params: use.params, about };
  const named = policy.conditions.filter(({ key }) => key === use.key);
  return { expression: named.length === 1 ? (named[0]?.expression ?? null) : null, params: use.params, about };
}

/** The type that the rule selects, else the one that all its permissions name, else the only one that there is. */
function typeReadBy({ resource, permissions = [] }: Rule, { attributes }: Question['policy']): string | null {
  if (resource) return resource.type;
  const types = [...new Set(attributes.flatMap(({ resourceType }) => resourceType ?? []))];
  const named = types.find((type) => permissions.length > 0 && permissions.every((pattern) => pattern.split(':')[1] === type));
  return named ?? (types.length === 1 ? (types[0] ?? null) : null);
}
