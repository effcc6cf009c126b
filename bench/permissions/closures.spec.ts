import { describe, expect, it } from '@jest/globals';
import { bufbuildClosures } from './bufbuild.js';
import { ClosureBitset } from './closures.js';
import { conditionPairs } from './condition.pairs.js';
import { makeWorkload, NOW } from './workload.js';

describe('The workload of the permissions bench', () => {
  const workload = makeWorkload(300);
  const pairs = conditionPairs(NOW);
  const byHand = new ClosureBitset(workload, new Map(pairs.map(({ key, closure }) => [key, closure])));
  const sizes = workload.requests.map((request) => byHand.effective(request).length);

  it('has closures that say what their CEL says', () => {
    const bufbuild = new ClosureBitset(workload, bufbuildClosures(pairs));
    for (const request of workload.requests) expect(bufbuild.effective(request)).toEqual(byHand.effective(request));
  });

  it('has conditions that hold and conditions that do not', () => {
    for (const { closure } of pairs) {
      const answers = new Set(workload.requests.map((request) => closure(request)));
      expect([...answers].length).toBeGreaterThan(0);
    }
    const holding = pairs.filter(({ closure }) => workload.requests.some((request) => closure(request)));
    expect(holding.length).toBeGreaterThan(40);
  });

  it('has about a hundred permissions for each subject', () => {
    const average = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    expect(average).toBeGreaterThan(85);
    expect(average).toBeLessThan(115);
  });
});
