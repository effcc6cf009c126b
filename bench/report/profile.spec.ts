import { describe, expect, it } from '@jest/globals';
import { topSelfTimes } from './profile.js';

function node(id: number, functionName: string, url = 'file:///p/dist/engines/x/y.js') {
  return { id, callFrame: { functionName, url, lineNumber: 9 } };
}

describe('the functions that take the time', () => {
  it('adds up the same function called from several places, leaves waiting out and puts the largest first', () => {
    const profile = {
      nodes: [node(1, 'mint'), node(2, 'parse'), node(3, 'mint'), node(4, '(idle)', ''), node(5, '(garbage collector)', '')],
      samples: [1, 2, 3, 4, 5],
      timeDeltas: [30, 50, 30, 1000, 10],
    };
    const top = topSelfTimes(profile, 2);
    expect(top.map(({ where }) => where)).toEqual(['mint  engines/x/y.js:10', 'parse  engines/x/y.js:10']);
    expect(top[0]?.share).toBeCloseTo(60 / 120);
  });
});
