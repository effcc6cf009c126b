import { describe, expect, it } from '@jest/globals';
import type { LoadResult } from '../load/load.contract.js';
import { median, summarise } from './summary.js';
import type { Measurement } from './summary.js';

const surroundings = { rounds: 3, seconds: 1, pinned: true, postgres: 'here' };

/** 1000 exchanges at this CPU time each. */
function measurement(
  name: 'service' | 'floor',
  protocol: 'rest' | 'grpc',
  cpuUs: number | null,
  changes: Partial<LoadResult> = {},
): Measurement {
  const cpuMicroseconds = { server: cpuUs === null ? null : cpuUs * 1000, postgres: name === 'service' ? 20_000 : null, load: 1 };
  const result: LoadResult = {
    kind: 'result',
    exchanges: 1000,
    seconds: 1,
    p50Milliseconds: 1,
    p99Milliseconds: 2,
    verified: 10,
    errors: 0,
    errorTexts: [],
    cpuMicroseconds,
    ...changes,
  };
  return { round: 1, target: { name, protocol }, result };
}

describe('the result of a run', () => {
  it('divides the CPU of the floor by ours, each as the median of its rounds', () => {
    const floor = [50, 60, 1000].map((cpu) => measurement('floor', 'rest', cpu));
    const service = [100, 120, 130].map((cpu) => measurement('service', 'rest', cpu));
    expect(summarise([...floor, ...service], surroundings)).toMatchObject({
      restRatio: 0.5,
      restCpuUs: 120,
      floorRestCpuUs: 60,
      postgresCpuUs: { rest: 20, grpc: null },
      errors: 0,
      verified: 60,
    });
  });

  it('has no ratio without the floor', () => {
    const summary = summarise([measurement('service', 'rest', 100), measurement('floor', 'grpc', 100)], surroundings);
    expect(summary).not.toHaveProperty('restRatio');
    expect(summary).not.toHaveProperty('grpcRatio');
  });

  it('has no ratio when CPU time could not be read or an answer was wrong', () => {
    const unread = [measurement('service', 'rest', null), measurement('floor', 'rest', 50)];
    const wrong = [measurement('service', 'rest', 100, { errors: 1 }), measurement('floor', 'rest', 50)];
    expect(summarise(unread, surroundings)).not.toHaveProperty('restRatio');
    expect(summarise(wrong, surroundings)).not.toHaveProperty('restRatio');
  });

  it('does not divide by nothing', () => {
    const summary = summarise(
      [measurement('service', 'rest', 0, { exchanges: 0 }), measurement('floor', 'rest', 50)],
      surroundings,
    );
    expect(summary).not.toHaveProperty('restRatio');
  });

  it('takes the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([null, 7])).toBe(7);
    expect(median([])).toBeNull();
  });
});
