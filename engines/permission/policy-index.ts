import type { ClaimMapping, PolicyBinding, PolicyVersion, RoleDefinition } from '#accessors/policy/contract.js';
import { AttributeSources } from './attribute-sources.js';
import { ConditionBook, type BoundCondition } from './bound-condition.js';
import type { ConditionEvaluator } from './condition-evaluator.contract.js';
import { NO_PLACE } from './condition-scope.js';
import { listIn } from './lists.js';
import { MappingIndex } from './mapping-index.js';
import { TierLadder } from './tier-ladder.js';

const NONE: readonly never[] = Object.freeze([]);

/** One policy version, independent of any application, laid out so that nobody has to look at rules that are about others. */
export class PolicyIndex {
  readonly mappings: MappingIndex;
  readonly conditions: ConditionBook;
  readonly attributes: AttributeSources;
  readonly tiers: TierLadder;
  readonly hasBindings: boolean;
  readonly hasRoleBindings: boolean;
  /** `null`: two roles claim the key, so that neither counts. */
  private readonly roles = new Map<string, RoleDefinition | null>();
  private readonly bindings = new Map<string, PolicyBinding[]>();
  private readonly bound = new Map<PolicyBinding | ClaimMapping, BoundCondition>();

  constructor(
    readonly policy: PolicyVersion,
    evaluator: ConditionEvaluator,
  ) {
    this.mappings = new MappingIndex(policy.mappings);
    this.conditions = new ConditionBook(evaluator, policy.attributes, policy.conditions);
    this.attributes = new AttributeSources(policy.attributes);
    this.tiers = new TierLadder(policy.tiers);
    for (const role of policy.roles) this.roles.set(role.key, this.roles.has(role.key) ? null : role);
    for (const binding of policy.bindings) listIn(this.bindings, binding.principal).push(binding);
    this.hasBindings = policy.bindings.length > 0;
    this.hasRoleBindings = policy.bindings.some(({ principal }) => principal.startsWith('role:'));
  }

  roleNamed(key: string): RoleDefinition | null {
    return this.roles.get(key) ?? null;
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

  bindingsOf(selector: string): readonly PolicyBinding[] {
    return this.bindings.get(selector) ?? NONE;
  }

  conditionOf(rule: PolicyBinding | ClaimMapping): BoundCondition | null {
    const use = rule.condition ?? null;
    if (use === null) return null;
    const known = this.bound.get(rule);
    if (known !== undefined) return known;
    const place = 'principal' in rule ? rule : NO_PLACE;
    const made = this.conditions.bind(use, place);
    this.bound.set(rule, made);
    return made;
  }
}
