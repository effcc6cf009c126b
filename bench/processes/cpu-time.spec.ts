import { describe, expect, it } from '@jest/globals';
import { parseStat, sumTree } from './cpu-time.js';

function stat(pid: number, parent: number, cpuMicroseconds: number) {
  return { pid, parent, command: 'x', cpuMicroseconds };
}

describe('CPU time from /proc', () => {
  it('reads user and system time, own and of ended children, whatever the process is called', () => {
    const line = '42 (a (b) c) 5) S 7 42 42 0 -1 4194304 100 200 0 0 10 20 3 4 20 0 11 0 12345 1 2';
    expect(parseStat(line)).toEqual({ pid: 42, parent: 7, command: 'a (b) c) 5', cpuMicroseconds: 370_000 });
  });

  it('adds up a process and all below it, and nothing else', () => {
    const stats = [stat(1, 0, 1000), stat(10, 1, 1), stat(11, 10, 20), stat(12, 11, 300), stat(20, 1, 4000)];
    expect(sumTree(10, stats)).toBe(321);
  });
});
