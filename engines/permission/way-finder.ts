import type { ResourceGrant, RoleAssignment, SubjectFacts } from '#accessors/facts/contract.js';
import type { ClaimMapping, PolicyBinding } from '#accessors/policy/contract.js';
import type { CompiledPolicy } from './compiled-policy.js';
import { NO_PLACE } from './condition-scope.js';
import { listIn } from './lists.js';
import {
  bothOf,
  isAskedBy,
  requirementsOf,
  UNCONDITIONAL,
  type CompiledRole,
  type Membership,
  type Requirements,
  type Way,
} from './way.js';

/** Bounds what bindings of roles to roles can multiply to. */
const MAX_FOLLOWED = 5_000;
const NONE: readonly never[] = Object.freeze([]);
const ITSELF: readonly Requirements[] = Object.freeze([UNCONDITIONAL]);

export interface FoundWays {
  readonly ways: readonly Way[];
  readonly memberships: ReadonlyMap<string, readonly Membership[]>;
  /** SECURITY: there are more ways than anybody can follow. A deny might be overlooked, so nothing is granted. */
  readonly isTooMany: boolean;
}

/**
 * Finds every way in which one subject comes to roles and permissions, ended and future ones too. Looks at what is the subject's
 * own and at rules about it, its groups and its roles, and at nothing else.
 */
export class WayFinder {
  private readonly ways: Way[] = [];
  private readonly memberships = new Map<string, Membership[]>();
  private readonly known = new Map<PolicyBinding, Requirements[]>();
  private followed = 0;

  constructor(
    private readonly compiled: CompiledPolicy,
    private readonly facts: SubjectFacts,
    private readonly mappings: readonly ClaimMapping[],
  ) {}

  find(): FoundWays {
    const { index } = this.compiled;
    this.findMemberships();
    for (const assignment of this.facts.assignments) this.addAssignment(assignment);
    for (const grant of this.facts.grants) this.addGrant(grant);
    for (const mapping of this.mappings) this.addMapping(mapping);
    if (index.hasBindings) this.addBindings();
    if (index.hasRoleBindings) this.followRoles(false);
    const isTooMany = this.followed > MAX_FOLLOWED;
    this.followed = 0;
    if (index.hasRoleBindings) this.followRoles(true);
    return { ways: this.ways, memberships: this.memberships, isTooMany };
  }

  private findMemberships(): void {
    for (const { key, valid } of this.facts.groups) this.join(key, requirementsOf({ valid, condition: null }));
    for (const mapping of this.mappings) {
      if (typeof mapping.group !== 'string') continue;
      const requirements = requirementsOf({ unit: mapping.unit ?? null, condition: this.compiled.index.conditionOf(mapping) });
      this.join(mapping.group, requirements);
      for (const { group, ancestor } of this.facts.nesting) if (group === mapping.group) this.join(ancestor, requirements);
    }
  }

  private join(group: string, requirements: Requirements): void {
    listIn(this.memberships, group).push({ group, ...requirements });
  }

  /** How the subject is in the group; `null`: the group that everybody is, the subject itself. */
  private membersOf(group: string | null): readonly Requirements[] {
    return group === null ? ITSELF : (this.memberships.get(group) ?? NONE);
  }

  private addAssignment({ id, group, role, unit, condition, valid, state }: RoleAssignment): void {
    const { index } = this.compiled;
    const bound = condition === null ? null : index.conditions.bindNamed(condition, NO_PLACE);
    const requirements = requirementsOf({ unit, valid, condition: bound });
    const isEligible = state !== 'active';
    for (const member of this.membersOf(group)) {
      this.addRole({ id, group, role, isEligible }, bothOf(member, requirements));
    }
  }

  private addGrant({ id, group, role, permissions, resource, unit, condition, valid }: ResourceGrant): void {
    const { index } = this.compiled;
    const bound = condition === null ? null : index.conditions.bindNamed(condition, { resource, permissions });
    const requirements = requirementsOf({ unit, valid, resource, condition: bound });
    for (const member of this.membersOf(group)) {
      const both = bothOf(member, requirements);
      if (role !== null) this.addRole({ id, group, role, isEligible: false }, both);
      else this.addPermissions({ id, group, permissions, isEligible: false, through: NONE }, both);
    }
  }

  private addMapping(mapping: ClaimMapping): void {
    if (mapping.role === null) return;
    const { claim, value, role, unit } = mapping;
    const requirements = requirementsOf({ unit: unit ?? null, condition: this.compiled.index.conditionOf(mapping) });
    this.addRole({ id: `mapping:${claim}=${value}`, group: null, role, isEligible: false }, requirements);
  }

  private addBindings(): void {
    const { index } = this.compiled;
    for (const binding of index.bindingsOf('all')) this.addBinding(binding, { group: null, requirements: UNCONDITIONAL });
    const { subject } = this.facts;
    const own = subject === null ? NONE : index.bindingsOf(`subject:${subject.key}`);
    for (const binding of own) this.addBinding(binding, { group: null, requirements: UNCONDITIONAL });
    for (const [group, members] of this.memberships) {
      const bindings = index.bindingsOf(`group:${group}`);
      for (const binding of bindings) for (const requirements of members) this.addBinding(binding, { group, requirements });
    }
  }

  private addBinding(
    binding: PolicyBinding,
    from: Partial<Pick<Way, 'through' | 'isEligible'>> & { readonly group: string | null; readonly requirements: Requirements },
  ): void {
    const requirements = bothOf(from.requirements, this.compiled.requirementsOf(binding));
    const { id, role, permissions } = binding;
    const { group, through = NONE, isEligible = false } = from;
    listIn(this.known, binding).push(requirements);
    if (role !== null) this.addRole({ id, group, role, isEligible, through }, requirements);
    else this.addPermissions({ id, group, permissions, isEligible, through }, requirements);
  }

  /**
   * Bindings of roles: whoever has the role has what it is bound to. Goes on until nothing new comes of it. Roles that would have to
   * be activated come last, and lead to nothing but explanations.
   */
  private followRoles(isEligible: boolean): void {
    for (let position = 0; position < this.ways.length && this.followed <= MAX_FOLLOWED; position++) {
      const way = this.ways[position];
      if (way === undefined || way.role === null || way.isEligible !== isEligible) continue;
      for (const binding of way.role.bindings) this.follow(way, way.role, binding);
    }
  }

  private follow(way: Way, role: CompiledRole, binding: PolicyBinding): void {
    const requirements = bothOf(way, this.compiled.requirementsOf(binding));
    // Whoever comes by the same binding asking for no less gets nowhere new; this also ends circles.
    if (this.known.get(binding)?.some((known) => isAskedBy(known, requirements)) === true) return;
    this.followed++;
    const { group, isEligible } = way;
    this.addBinding(binding, { group, isEligible, requirements: way, through: [...way.through, { role, binding }] });
  }

  private addRole(
    what: Pick<Way, 'id' | 'group' | 'isEligible'> & { readonly role: string; readonly through?: Way['through'] },
    requirements: Requirements,
  ): void {
    const role = this.compiled.role(what.role);
    const { windows, units, selectors, conditions } = requirements;
    const { id, group, isEligible, through = NONE } = what;
    const { bits } = role;
    this.ways.push({ id, group, role, permissions: NONE, bits, isEligible, through, windows, units, selectors, conditions });
  }

  private addPermissions(
    what: Pick<Way, 'id' | 'group' | 'permissions' | 'isEligible' | 'through'>,
    { windows, units, selectors, conditions }: Requirements,
  ): void {
    const bits = this.compiled.catalogue.coveredBy(what.permissions);
    this.ways.push({ ...what, role: null, bits, windows, units, selectors, conditions });
  }
}
