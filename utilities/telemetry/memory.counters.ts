import type { Counters } from './contract.js';

export class MemoryCounters implements Counters {
  private readonly counts = new Map<string, number>();

  increment(name: string, label?: string): void {
    const key = label === undefined ? name : `${name}{${label}}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  snapshot(): ReadonlyMap<string, number> {
    return this.counts;
  }
}
