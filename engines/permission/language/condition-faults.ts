import type { AttributeValue, PolicyContent } from '#accessors/policy/contract.js';
import type {
  CompiledCondition,
  ConditionCompilation,
  ConditionEvaluator,
  ConditionFault,
} from '../condition-evaluator.contract.js';
import { conditionScope } from '../condition-scope.js';
import type { PolicyFault } from '../contract.js';
import { conditionUses, type PlacedCondition } from './condition-uses.js';
import { isConditionName, MESSAGES } from './form-values.js';

type Params = Readonly<Record<string, AttributeValue>>;

const CONDITION_BUDGET = 10_000;
/** Stand-ins for parameters of a condition that only live data uses: whether any fit is all that can be said about it. */
const STAND_INS: readonly AttributeValue[] = [1, 1.5, 'a', true, ['a'], [1], '2026-01-01T00:00:00Z', '1h'];

/** Compiles every condition as it is used. */
export class ConditionChecks {
  readonly faults: PolicyFault[] = [];
  readonly warnings: PolicyFault[] = [];
  private readonly resourceTypes: readonly string[];

  constructor(
    private readonly content: PolicyContent,
    private readonly evaluator: ConditionEvaluator,
  ) {
    const declared = content.attributes.flatMap(({ resourceType }) => resourceType ?? []);
    const selected = content.bindings.flatMap(({ resource }) => resource?.type ?? []);
    this.resourceTypes = [...new Set([...declared, ...selected])].toSorted();
    this.checkNames();
    const uses = conditionUses(content);
    for (const use of uses) this.checkUse(use);
    this.checkUnused(new Set(uses.flatMap(({ use }) => use.key ?? [])));
  }

  private checkNames(): void {
    const seen = new Set<string>();
    for (const { key } of this.content.conditions) {
      const path = `conditions.${key}`;
      if (!isConditionName(key) || key === '__proto__') this.faults.push({ path, message: MESSAGES.condition });
      if (seen.has(key)) this.faults.push({ path, message: 'this condition is defined twice' });
      seen.add(key);
    }
  }

  private checkUse({ path, use, place }: PlacedCondition): void {
    if (use.key !== null) {
      const named = this.content.conditions.find(({ key }) => key === use.key);
      if (named?.expression !== use.expression) {
        const message =
          named === undefined
            ? `there is no condition ${use.key} in this policy`
            : `it is not what the condition ${use.key} says`;
        this.faults.push({ path: `${path}.when`, message });
        return;
      }
    }
    const outcome = this.evaluator.compile(use.expression, conditionScope(this.content.attributes, place, use.params));
    if (outcome.ok) this.checkCompiled(`${path}.when`, outcome.condition, use.params);
    else this.faults.push(...outcome.faults.map((fault) => told(`${path}.when`, fault)));
  }

  /** Which resources live data will use it for is not known: it has to make sense for some of them, or for none in particular. */
  private compileForAny(expression: string, types: readonly (string | null)[], params: Params): ConditionCompilation {
    let best: Extract<ConditionCompilation, { ok: false }> = { ok: false, faults: [] };
    for (const resourceType of types) {
      const outcome = this.evaluator.compile(expression, { declarations: this.content.attributes, resourceType, params });
      if (outcome.ok) return outcome;
      if (best.faults.length === 0 || outcome.faults.length < best.faults.length) best = outcome;
    }
    return best;
  }

  private checkCompiled(path: string, condition: CompiledCondition, params: Params): void {
    if (condition.costLimit > CONDITION_BUDGET) {
      const message = `it may cost ${condition.costLimit} units; at most ${CONDITION_BUDGET} are allowed`;
      this.faults.push({ path, message });
      return;
    }
    if (condition.reads.length > 0) return;
    const result = condition.evaluate({ lookup: () => undefined, params, now: 0, budget: { left: CONDITION_BUDGET } });
    if (result.outcome === 'unknown') return;
    const outcome = result.outcome === 'error' ? 'an error' : result.outcome;
    this.warnings.push({ path, message: `this condition reads nothing and is always ${outcome}` });
  }

  /** Stored assignments may use them by name. */
  private checkUnused(used: ReadonlySet<string>): void {
    for (const { key, expression } of this.content.conditions) {
      if (used.has(key)) continue;
      const path = `conditions.${key}`;
      const types = [null, ...this.resourceTypes];
      const names = new Set([...expression.matchAll(/\bparams\.([A-Za-z_]\w*)/g)].flatMap(([, name]) => name ?? []));
      if (names.size === 0) {
        const outcome = this.compileForAny(expression, types, {});
        if (!outcome.ok) this.faults.push(...outcome.faults.map((fault) => told(path, fault)));
        else this.warnings.push({ path, message: 'no rule uses this condition; assignments and grants may' });
        continue;
      }
      const fits = STAND_INS.some((value) => {
        const params = Object.fromEntries([...names].map((name) => [name, value]));
        return this.compileForAny(expression, types, params).ok;
      });
      const message = fits
        ? 'no rule uses this condition; assignments and grants may'
        : 'no rule uses this condition, so that it could not be checked with its parameters';
      this.warnings.push({ path, message });
    }
  }
}

function told(path: string, { at, message }: ConditionFault): PolicyFault {
  return { path, message: at === null ? message : `${message} (at character ${at + 1})` };
}
