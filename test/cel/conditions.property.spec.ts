import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import type { CompiledCondition, ConditionResult, TraceStep } from '#engines/permission/condition-evaluator.contract.js';
import { Expressions, Facts, inputOf, SCOPE } from './expressions.js';

const NOW = Date.parse('2026-05-13T08:30:00Z');
const RUNS = 1_500;
const evaluator = new CelConditionEvaluator();
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

function compiled(text: string): CompiledCondition | null {
  const compilation = evaluator.compile(text, SCOPE);
  return compilation.ok ? compilation.condition : null;
}

/** A condition that compiles, and everything that it may read. */
function made(number: number): { readonly condition: CompiledCondition; readonly values: ReturnType<Facts['values']> } | null {
  const condition = compiled(new Expressions(number).condition());
  return condition === null ? null : { condition, values: new Facts(number).values() };
}

/** Without some of it. */
function without(values: ReturnType<Facts['values']>, isLost: (path: string) => boolean): ReturnType<Facts['values']> {
  return Object.fromEntries(Object.entries(values).filter(([path]) => !isLost(path)));
}

const isOfResource = (path: string): boolean => path.startsWith('resource.');
const verdict = ({ outcome }: ConditionResult): string => outcome;

describe('conditions made at random', () => {
  it('compile, most of them, and come to every kind of result', () => {
    const seen = new Map<string, number>();
    for (let number = 0; number < RUNS; number += 1) {
      const found = made(number);
      const result =
        found === null ? 'refused' : verdict(found.condition.evaluate(inputOf(without(found.values, isOfResource), NOW)));
      seen.set(result, (seen.get(result) ?? 0) + 1);
    }
    for (const result of ['true', 'false', 'error', 'unknown']) expect(seen.get(result)).toBeGreaterThan(RUNS / 20);
    expect(seen.get('refused') ?? 0).toBeLessThan(RUNS / 5);
  });

  it('keep a decided result, whatever turns out to be what was not known', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const found = made(number);
        if (found === null) return;
        const before = found.condition.evaluate(inputOf(without(found.values, isOfResource), NOW));
        const after = found.condition.evaluate(inputOf(found.values, NOW));
        if (before.outcome !== 'unknown') expect(verdict(after)).toBe(before.outcome);
        expect(after.outcome).not.toBe('unknown');
      }),
      { numRuns: RUNS },
    );
  });

  it('say with their residual what they would have said', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const found = made(number);
        if (found === null) return;
        const first = found.condition.evaluate(inputOf(without(found.values, isOfResource), NOW));
        if (first.outcome !== 'unknown') return;
        const residual = compiled(first.residual);
        expect(residual === null ? `${found.condition.expression} -> ${first.residual}` : null).toBeNull();
        expect(residual?.reads).toEqual(expect.arrayContaining([...first.missing]));
        expect(first.missing.every(isOfResource)).toBe(true);
        const again = residual?.evaluate(inputOf(found.values, NOW));
        expect([first.residual, again?.outcome]).toEqual([
          first.residual,
          found.condition.evaluate(inputOf(found.values, NOW)).outcome,
        ]);
      }),
      { numRuns: RUNS },
    );
  });

  it('cost no more than was said before, take just that from the budget, and say the same when they are traced', () => {
    fc.assert(
      fc.property(seed, fc.boolean(), (number, isPartly) => {
        const found = made(number);
        if (found === null) return;
        const { condition } = found;
        const values = isPartly ? without(found.values, isOfResource) : found.values;
        const input = inputOf(values, NOW);
        const result = condition.evaluate(input);
        expect(result.cost).toBeLessThanOrEqual(condition.costLimit);
        expect(input.budget.left).toBe(200_000 - result.cost);
        const steps: TraceStep[] = [];
        expect(condition.evaluate(inputOf(values, NOW), steps)).toEqual(result);
        expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);
      }),
      { numRuns: RUNS },
    );
  });

  it('cost no more than was said before on the largest attributes that there may be', () => {
    let dearest = 0;
    fc.assert(
      fc.property(seed, fc.boolean(), (number, isPartly) => {
        const condition = made(number)?.condition;
        if (condition === undefined) return;
        const values = new Facts(number).large();
        const { cost } = condition.evaluate(inputOf(isPartly ? without(values, isOfResource) : values, NOW));
        dearest = Math.max(dearest, cost);
        if (cost > condition.costLimit) throw new Error(`${condition.expression} cost ${cost}, and said ${condition.costLimit}`);
      }),
      { numRuns: RUNS },
    );
    expect(dearest).toBeGreaterThan(2_000);
  });

  it('end within any budget, traced or not, and never answer true for want of one', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 0, max: 40 }), fc.boolean(), (number, left, isTraced) => {
        const found = made(number);
        if (found === null) return;
        const input = inputOf(found.values, NOW, left);
        const result = found.condition.evaluate(input, ...(isTraced ? [[]] : []));
        expect(result.cost).toBeLessThanOrEqual(left);
        expect(input.budget.left).toBeGreaterThanOrEqual(0);
        const free = found.condition.evaluate(inputOf(found.values, NOW));
        if (free.cost <= left) expect(result).toEqual(free);
        else expect(result.outcome).toBe('error');
      }),
      { numRuns: RUNS },
    );
  });
});
