import type { PolicyVersion, RoleDefinition } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { MappingIndex } from './mapping-index.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { addAll, removeAll, type PermissionBits } from './permission-set.js';

/** One policy version, independent of any application. */
class PolicyIndex {
  readonly mappings: MappingIndex;
  /** `null`: two roles claim the key, so that neither counts. */
  private readonly roles = new Map<string, RoleDefinition | null>();

  constructor(policy: PolicyVersion) {
    this.mappings = new MappingIndex(policy.mappings);
    for (const role of policy.roles) this.roles.set(role.key, this.roles.has(role.key) ? null : role);
  }

  /** The role and every role that it inherits from, directly or through others; ends on cycles too. */
  lineage(key: string): readonly RoleDefinition[] {
    const found = new Map<string, RoleDefinition>();
    const open = [key];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const role = found.has(next) ? undefined : this.roles.get(next);
      if (role === undefined || role === null) continue;
      found.set(next, role);
      open.push(...role.inherits);
    }
    return [...found.values()];
  }
}

/** One policy version at one application: what each role is worth there, worked out when the role is first met. */
export class CompiledPolicy {
  private readonly roleBits = new Map<string, PermissionBits>();
  private readonly held: PermissionBits;

  constructor(
    private readonly index: PolicyIndex,
    readonly catalogue: PermissionCatalogue,
  ) {
    this.held = catalogue.empty();
  }

  get mappings(): MappingIndex {
    return this.index.mappings;
  }

  /** What all these roles grant, in a set that the caller may narrow and that lasts until the next call. */
  heldBy(roles: Iterable<string>): PermissionBits {
    const { held } = this;
    held.fill(0);
    for (const role of roles) this.addRole(held, role);
    return held;
  }

  private addRole(held: PermissionBits, role: string): void {
    const bits = this.bitsOf(role);
    if (bits !== undefined) addAll(held, bits);
  }

  /** What the role grants at the application; `undefined` when the policy does not know the role. */
  bitsOf(role: string): PermissionBits | undefined {
    return this.roleBits.get(role) ?? this.compile(role);
  }

  private compile(key: string): PermissionBits | undefined {
    const lineage = this.index.lineage(key);
    if (lineage.length === 0) return undefined;
    const bits = this.catalogue.empty();
    for (const role of lineage) addAll(bits, this.ownGrants(role));
    this.roleBits.set(key, bits);
    return bits;
  }

  /** SECURITY: an exclusion that cannot be read could have meant anything, so such a role grants nothing of its own. */
  private ownGrants(role: RoleDefinition): PermissionBits {
    const grants = this.catalogue.coveredBy(role.grants).slice();
    for (const pattern of role.exclude) {
      const excluded = this.catalogue.expand(pattern);
      if (excluded === undefined) return this.catalogue.empty();
      removeAll(grants, excluded);
    }
    return grants;
  }
}

/** Keeps what is prepared for exactly as long as the objects it was prepared from. */
export class PolicyCompiler {
  private readonly catalogues = new WeakMap<Application, PermissionCatalogue>();
  private readonly policies = new WeakMap<
    PolicyVersion,
    { index: PolicyIndex; byApplication: WeakMap<Application, CompiledPolicy> }
  >();

  mappingsOf(policy: PolicyVersion): MappingIndex {
    return this.entryOf(policy).index.mappings;
  }

  compiled(policy: PolicyVersion, application: Application): CompiledPolicy {
    const entry = this.entryOf(policy);
    const known = entry.byApplication.get(application);
    if (known !== undefined) return known;
    const made = new CompiledPolicy(entry.index, this.catalogueOf(application));
    entry.byApplication.set(application, made);
    return made;
  }

  private entryOf(policy: PolicyVersion): { index: PolicyIndex; byApplication: WeakMap<Application, CompiledPolicy> } {
    let entry = this.policies.get(policy);
    if (entry === undefined) {
      entry = { index: new PolicyIndex(policy), byApplication: new WeakMap() };
      this.policies.set(policy, entry);
    }
    return entry;
  }

  private catalogueOf(application: Application): PermissionCatalogue {
    const known = this.catalogues.get(application);
    if (known !== undefined) return known;
    const made = new PermissionCatalogue(application);
    this.catalogues.set(application, made);
    return made;
  }
}
