import type { TimeWindow } from '#utilities/time-window/contract.js';

export function isWithin({ from, until }: TimeWindow, now: number): boolean {
  return (from === null || from <= now) && (until === null || now < until);
}

export function areWithin(windows: readonly TimeWindow[], now: number): boolean {
  for (const window of windows) {
    if (!isWithin(window, now)) return false;
  }
  return true;
}

export function isAlways({ from, until }: TimeWindow): boolean {
  return from === null && until === null;
}

/** Moments in ascending order, each once. */
export function sortedEdges(edges: Iterable<number | null>): readonly number[] {
  const found = new Set<number>();
  for (const edge of edges) if (edge !== null) found.add(edge);
  return [...found].sort((left, right) => left - right);
}

/** How many of the sorted edges are not after `now`. */
export function passedEdges(edges: readonly number[], now: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? Infinity) <= now) low = middle + 1;
    else high = middle;
  }
  return low;
}
