import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { ClaimMapping } from '#accessors/policy/contract.js';
import type { CompiledPolicy } from './compiled-policy.js';
import { SubjectPlan } from './subject-plan.js';

/** How many sets of mapped claims are kept for one subject. */
const MAX_KEPT = 8;

/**
 * Plans of subjects, kept as long as their facts are. SECURITY: of a request they depend on the mappings that its claims meet and on
 * nothing else; and those are the key.
 */
export class SubjectPlans {
  private readonly unmapped = new WeakMap<SubjectFacts, SubjectPlan>();
  private readonly mapped = new WeakMap<SubjectFacts, Map<string, SubjectPlan>>();

  constructor(private readonly compiled: CompiledPolicy) {}

  /** @param met positions of the mappings that the claims meet, ascending, each once */
  planOf(facts: SubjectFacts, met: readonly number[]): SubjectPlan {
    if (met.length > 0) return this.mappedPlan(facts, met);
    const known = this.unmapped.get(facts);
    if (known !== undefined) return known;
    const made = new SubjectPlan(this.compiled, facts, []);
    this.unmapped.set(facts, made);
    return made;
  }

  private mappedPlan(facts: SubjectFacts, met: readonly number[]): SubjectPlan {
    let plans = this.mapped.get(facts);
    if (plans === undefined) {
      plans = new Map();
      this.mapped.set(facts, plans);
    }
    const key = met.join();
    const known = plans.get(key);
    if (known !== undefined) return known;
    const made = new SubjectPlan(this.compiled, facts, this.mappingsAt(met));
    if (plans.size >= MAX_KEPT) plans.clear();
    plans.set(key, made);
    return made;
  }

  private mappingsAt(met: readonly number[]): readonly ClaimMapping[] {
    return met.flatMap((position) => this.compiled.index.policy.mappings[position] ?? []);
  }
}
