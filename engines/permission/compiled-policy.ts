import type { Deny, Gate, PolicyBinding, RoleDefinition, StepUp } from '#accessors/policy/contract.js';
import { listIn } from './lists.js';
import type { PermissionCatalogue } from './permission-catalogue.js';
import { addAll, isEmpty, removeAll, type PermissionBits } from './permission-set.js';
import type { PolicyIndex } from './policy-index.js';
import { requirementsOf, type Compiled, type CompiledDeny, type CompiledRole, type Requirements } from './way.js';

export interface CompiledGate extends Compiled<Gate> {
  /** `null`: no tier is asked for; infinite: one that there is not. */
  readonly rank: number | null;
}

const NONE: readonly never[] = Object.freeze([]);
const SELECTOR = /^(?:all$|(?:subject|group|role):)/;

/** One policy version at one application: what each rule is worth there. */
export class CompiledPolicy {
  readonly gates: readonly CompiledGate[];
  readonly stepUps: readonly Compiled<StepUp>[];
  private readonly denies = new Map<string, CompiledDeny[]>();
  private readonly roles = new Map<string, CompiledRole>();
  private readonly requirements = new Map<PolicyBinding, Requirements>();

  constructor(
    readonly index: PolicyIndex,
    readonly catalogue: PermissionCatalogue,
  ) {
    const { gates, stepUps, denies } = index.policy;
    this.gates = this.covering(gates).map((gate) => ({ ...gate, rank: this.rankOf(gate.rule) }));
    this.stepUps = this.covering(stepUps);
    for (const deny of this.covering(denies)) this.addDeny(deny);
  }

  /** What the role is worth here; nothing, where the policy does not know it. Worked out when the role is first met. */
  role(key: string): CompiledRole {
    return this.roles.get(key) ?? this.compileRole(key);
  }

  get hasDenies(): boolean {
    return this.denies.size > 0;
  }

  deniesOf(selector: string): readonly CompiledDeny[] {
    return this.denies.get(selector) ?? NONE;
  }

  requirementsOf(binding: PolicyBinding): Requirements {
    const known = this.requirements.get(binding);
    if (known !== undefined) return known;
    const made = requirementsOf({ ...binding, condition: this.index.conditionOf(binding) });
    this.requirements.set(binding, made);
    return made;
  }

  private compileRole(key: string): CompiledRole {
    const lineage = this.index.lineage(key);
    const bits = this.catalogue.empty();
    for (const role of lineage) addAll(bits, this.ownGrants(role));
    const holds = new Set([key, ...lineage.map((each) => each.key)]);
    const selectors = [...holds].map((held) => `role:${held}`);
    const bindings = selectors.flatMap((selector) => this.index.bindingsOf(selector));
    const denies = [...new Set(selectors.flatMap((selector) => this.deniesOf(selector)))];
    const role = { key, holds, bits, bindings, denies };
    if (lineage.length > 0) this.roles.set(key, role);
    return role;
  }

  /** SECURITY: an exclusion that cannot be read could have meant anything, so such a role grants nothing of its own. */
  ownGrants(role: RoleDefinition): PermissionBits {
    const grants = this.catalogue.coveredBy(role.grants).slice();
    for (const pattern of role.exclude) {
      const excluded = this.catalogue.expand(pattern);
      if (excluded === undefined) return this.catalogue.empty();
      removeAll(grants, excluded);
    }
    return grants;
  }

  /** Rules that cover any permission of the application. */
  private covering<Rule extends { readonly permissions: readonly string[] }>(rules: readonly Rule[]): Compiled<Rule>[] {
    return rules.map((rule) => ({ rule, bits: this.takenBy(rule.permissions) })).filter(({ bits }) => !isEmpty(bits));
  }

  /** SECURITY: a rule that takes away and that cannot be read could have meant anything, so it is about everything. */
  private takenBy(patterns: readonly string[]): PermissionBits {
    const isReadable = patterns.every((pattern) => this.catalogue.expand(pattern) !== undefined);
    return this.catalogue.coveredBy(isReadable ? patterns : ['**']);
  }

  /** SECURITY: likewise a selector that cannot be read names everybody. */
  private addDeny({ rule, bits }: Compiled<Deny>): void {
    const place = { resource: null, permissions: rule.permissions };
    const condition = rule.condition === null ? null : this.index.conditions.bind(rule.condition, place);
    const principals = rule.principals.map((selector) => (SELECTOR.test(selector) ? selector : 'all'));
    const deny = { rule, principals, bits, condition };
    for (const selector of new Set(principals)) listIn(this.denies, selector).push(deny);
  }

  private rankOf({ tier }: Gate): number | null {
    return tier === null ? null : (this.index.tiers.rankOf(tier) ?? Infinity);
  }
}
