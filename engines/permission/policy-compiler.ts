import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { CompiledPolicy } from './compiled-policy.js';
import type { ConditionEvaluator } from './condition-evaluator.contract.js';
import { EffectiveSets } from './effective-set.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { PolicyIndex } from './policy-index.js';
import { SubjectPlans } from './subject-plans.js';

/** Everything that is prepared for one policy version at one application. */
export interface Snapshot {
  readonly compiled: CompiledPolicy;
  readonly plans: SubjectPlans;
  readonly sets: EffectiveSets;
}

interface IndexedPolicy {
  readonly index: PolicyIndex;
  readonly byApplication: WeakMap<Application, Snapshot>;
}

/** Keeps what is prepared for exactly as long as the objects it was prepared from. */
export class PolicyCompiler {
  private readonly catalogues = new WeakMap<Application, PermissionCatalogue>();
  private readonly policies = new WeakMap<PolicyVersion, IndexedPolicy>();
  /** Mostly the next question is about the same. */
  private last: { readonly policy: PolicyVersion; readonly application: Application; readonly snapshot: Snapshot } | null = null;

  constructor(private readonly evaluator: ConditionEvaluator) {}

  indexOf(policy: PolicyVersion): PolicyIndex {
    return this.indexed(policy).index;
  }

  snapshot(policy: PolicyVersion, application: Application): Snapshot {
    const { last } = this;
    if (last !== null && last.policy === policy && last.application === application) return last.snapshot;
    const snapshot = this.kept(policy, application);
    this.last = { policy, application, snapshot };
    return snapshot;
  }

  private kept(policy: PolicyVersion, application: Application): Snapshot {
    const { index, byApplication } = this.indexed(policy);
    const known = byApplication.get(application);
    if (known !== undefined) return known;
    const catalogue = this.catalogueOf(application);
    const compiled = new CompiledPolicy(index, catalogue);
    const made = { compiled, plans: new SubjectPlans(compiled), sets: new EffectiveSets(() => catalogue.empty()) };
    byApplication.set(application, made);
    return made;
  }

  private indexed(policy: PolicyVersion): IndexedPolicy {
    const known = this.policies.get(policy);
    if (known !== undefined) return known;
    const made = { index: new PolicyIndex(policy, this.evaluator), byApplication: new WeakMap<Application, Snapshot>() };
    this.policies.set(policy, made);
    return made;
  }

  private catalogueOf(application: Application): PermissionCatalogue {
    const known = this.catalogues.get(application);
    if (known !== undefined) return known;
    const made = new PermissionCatalogue(application);
    this.catalogues.set(application, made);
    return made;
  }
}
