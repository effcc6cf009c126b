import { describe, expect, it } from '@jest/globals';
import { attack, ATTACKS, attackUnbounded, UNBOUNDED } from './attacks.js';

describe('a condition that is meant to do harm', () => {
  it.each(ATTACKS.map((one) => [one.name, one] as const))('ends within its budget, traced or not: %s', (_name, one) => {
    for (const isTraced of [false, true]) {
      const { ended, cost } = attack(one, isTraced);
      expect(ended).toBe(one.ends);
      expect(cost).toBeLessThanOrEqual(10_000);
    }
  });

  it.each(UNBOUNDED.map(({ name, expression }) => [name, expression]))(
    'is stopped by its budget alone, too: %s',
    (_name, expression) => {
      expect(attackUnbounded(expression).ended).toBe('stopped');
    },
  );
});
