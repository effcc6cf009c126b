import { describe, expect, it } from '@jest/globals';
import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { compareSeeds } from './differential.js';
import { evaluateWhole } from './whole-language.js';

describe('conditions made at random, by this evaluator and by @bufbuild/cel', () => {
  const { compared, answers, differences } = compareSeeds(0, 10_400);

  it('come to the same, but for the known faults of the other one', () => {
    expect(compared).toBeGreaterThanOrEqual(10_000);
    expect(differences.filter(({ known }) => known === null)).toEqual([]);
    expect(answers['true']).toBeGreaterThan(compared / 5);
    expect(answers['false']).toBeGreaterThan(compared / 5);
    expect(answers['error']).toBeGreaterThan(compared / 100);
  });

  it('differ where the other one is known to be at fault', () => {
    expect(new Set(differences.map(({ known }) => known))).toEqual(
      new Set(['timestamp(int) takes milliseconds, where CEL has seconds']),
    );
    const theirs = plan(celEnv(), parse('timestamp(1000000000) == timestamp("2001-09-09T01:46:40Z")'))();
    expect([isCelError(theirs), theirs]).toEqual([false, false]);
    expect(evaluateWhole('timestamp(1000000000) == timestamp("2001-09-09T01:46:40Z")')).toBe(true);
  });
});
