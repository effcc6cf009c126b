import { describe, expect, it } from '@jest/globals';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import type {
  CompiledCondition,
  ConditionCompilation,
  ConditionEvaluator,
  ConditionInput,
  ConditionResult,
} from '#engines/permission/condition-evaluator.contract.js';
import { conditionEvaluatorConformance } from './condition-evaluator.conformance.js';
import { CEL_SAMPLES } from './condition-evaluator.samples.js';

type Evaluate = CompiledCondition['evaluate'];

/** An evaluator of which each condition is changed. */
function changed(change: (good: CompiledCondition) => Partial<CompiledCondition>): () => ConditionEvaluator {
  return recompiling((compile, expression, scope) => {
    const compilation = compile(expression, scope);
    if (!compilation.ok) return compilation;
    const { condition } = compilation;
    const whole: CompiledCondition = {
      expression: condition.expression,
      reads: condition.reads,
      costLimit: condition.costLimit,
      evaluate: (input, trace) => condition.evaluate(input, trace),
      nextEdge: (input, until) => condition.nextEdge(input, until),
    };
    return { ok: true, condition: { ...whole, ...change(condition) } };
  });
}

type Compile = ConditionEvaluator['compile'];

function recompiling(compile: (good: Compile, ...args: Parameters<Compile>) => ConditionCompilation): () => ConditionEvaluator {
  const good = new CelConditionEvaluator();
  return () => ({
    language: 'cel',
    compile: (expression, scope) => compile((...args) => good.compile(...args), expression, scope),
  });
}

const answering = (answer: (good: Evaluate, input: ConditionInput, trace: Parameters<Evaluate>[1]) => ConditionResult) =>
  changed((good) => ({ evaluate: (input, trace) => answer((...args) => good.evaluate(...args), input, trace) }));

/** For each rule what an author might well have got wrong. */
const PLANTED: Readonly<Record<string, () => ConditionEvaluator>> = {
  'has a name of lower case, digits and hyphens': () => ({
    ...recompiling((compile, ...args) => compile(...args))(),
    language: 'CEL 1.0',
  }),
  'says what a condition reads, sorted, and keeps its text': changed((good) => ({
    reads: good.reads.filter((path) => path !== 'now'),
  })),
  'refuses what is no condition, with a reason and a place in the text': recompiling((compile, expression, scope) => {
    const compilation = compile(expression, scope);
    return compilation.ok ? compilation : { ok: false, faults: compilation.faults.map(({ message }) => ({ at: -1, message })) };
  }),
  'reads nothing of a resource whose type is not known, but what all have': recompiling((compile, expression, scope) =>
    compile(expression, { ...scope, resourceType: 'invoice' }),
  ),
  'decides by the values': answering((evaluate, input) => {
    const result = evaluate(input);
    return result.outcome === 'false' ? { ...result, outcome: 'true' } : result;
  }),
  'takes parameters from the input, not from where it was compiled': recompiling((compile, expression, scope) => {
    const compilation = compile(expression, scope);
    if (!compilation.ok) return compilation;
    const { expression: text, reads, costLimit } = compilation.condition;
    const evaluate: Evaluate = (input, trace) => compilation.condition.evaluate({ ...input, params: scope.params }, trace);
    return { ok: true, condition: { expression: text, reads, costLimit, evaluate, nextEdge: () => null } };
  }),
  'says what is missing, and with the residual what it would have said': changed((good) => ({
    evaluate: (input, trace) => {
      const result = good.evaluate(input, trace);
      return result.outcome === 'unknown' ? { ...result, residual: good.expression } : result;
    },
  })),
  'decides in spite of what is not known, where that does not matter, and only there': changed((good) => ({
    evaluate: (input, trace) => {
      const missing = good.reads.filter(
        (path) => input.lookup(...(path.split('.') as [string, string])) === undefined && path.startsWith('resource.'),
      );
      return missing.length > 0
        ? { outcome: 'unknown', missing, residual: good.expression, cost: 0 }
        : good.evaluate(input, trace);
    },
  })),
  'fails for values of another type than declared, and for null': answering((evaluate, input, trace) => {
    const lookup: ConditionInput['lookup'] = (root, name) => {
      const value = input.lookup(root, name);
      return name === 'amount' && typeof value === 'string' ? Number(value) : value;
    };
    return evaluate({ ...input, lookup }, trace);
  }),
  'asks for nothing but what it says that it reads, and reads no inherited parameter': answering((evaluate, input, trace) => {
    input.lookup('subject', 'key');
    return evaluate(input, trace);
  }),
  'never throws, whatever it is handed': answering((evaluate, input, trace) => {
    input.lookup('subject', 'department');
    return evaluate(input, trace);
  }),
  'takes from the budget just what it says that it costs, and never more than it said before': answering(
    (evaluate, input, trace) => evaluate({ ...input, budget: { left: input.budget.left } }, trace),
  ),
  'costs more where there is more to do': answering((evaluate, input, trace) => {
    const before = input.budget.left;
    const result = evaluate(input, trace);
    input.budget.left = before - 1;
    return { ...result, cost: 1 };
  }),
  'stops when the budget is used up, traced or not': answering((evaluate, input, trace) =>
    trace === undefined ? evaluate(input) : evaluate({ ...input, budget: { left: 200_000 } }, trace),
  ),
  'answers the same when it is traced, with steps that are plain data': answering((evaluate, input, trace) => {
    const result = evaluate(input, trace);
    return trace === undefined ? result : { ...result, cost: result.cost + 1 };
  }),
  'knows no time but that of the input': answering((evaluate, input, trace) =>
    evaluate({ ...input, now: Date.parse('2026-05-13T11:59:00Z') }, trace),
  ),
  'has no edges where it does not read now, and none after the end that was asked about': changed((good) => ({
    nextEdge: (input) => good.nextEdge(input, Number.MAX_SAFE_INTEGER),
  })),
  'tells each change by time before it is there': changed((good) => ({
    // What is true in the winter: the change of the clocks is forgotten.
    nextEdge: (input, until) => {
      const edge = good.nextEdge(input, until);
      return edge === null || edge + 3_600_000 > until ? null : edge + 3_600_000;
    },
  })),
  'keeps nothing between evaluations': changed((good) => {
    let first: ConditionResult | undefined;
    return {
      evaluate: (input, trace) => {
        if (input.lookup('subject', 'active') !== undefined) return good.evaluate(input, trace);
        return (first ??= good.evaluate(input, trace));
      },
    };
  }),
};

describe('The CEL evaluator', () => {
  for (const { name, run } of conditionEvaluatorConformance(() => new CelConditionEvaluator(), CEL_SAMPLES)) it(name, run);
});

describe('The kit for condition evaluators', () => {
  const rules = conditionEvaluatorConformance(() => new CelConditionEvaluator(), CEL_SAMPLES).map(({ name }) => name);

  it('has a planted fault for each rule', () => {
    expect(Object.keys(PLANTED)).toEqual(rules);
  });

  it.each(Object.entries(PLANTED))('catches an evaluator that breaks: %s', (name, create) => {
    const rule = conditionEvaluatorConformance(create, CEL_SAMPLES).find((one) => one.name === name);
    expect(() => rule?.run()).toThrow();
  });
});
