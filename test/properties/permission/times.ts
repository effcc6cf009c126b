/** Few moments around one, so that things begin, end and are asked about at the very same one. */
import fc from 'fast-check';
import type { TimeWindow } from '#utilities/time-window/contract.js';

/** 09:58 in Zurich: the hour changes soon. */
export const BASE = Date.UTC(2026, 4, 13, 7, 58, 0);
const OFFSETS = [-600, -60, -1, 0, 1, 30, 60, 120, 300, 599, 600];

export function momentsAround(offsets: readonly number[]): readonly number[] {
  return offsets.map((seconds) => BASE + seconds * 1000);
}

const moment = fc.constantFrom(...momentsAround(OFFSETS));
const end = fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 3, arbitrary: moment });

/** Also reversed ones, and such that begin or end now. */
export const timeWindow: fc.Arbitrary<TimeWindow> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ from: null, until: null }) },
  { weight: 3, arbitrary: fc.record({ from: end, until: end }) },
);

export const optionalMoment = fc.option(moment, { freq: 2 });

/** Mostly a moment at which something happens, at times the millisecond before or after. */
export const now = fc
  .tuple(fc.constantFrom(...OFFSETS.filter((offset) => Math.abs(offset) < 300)), fc.constantFrom(0, 0, 0, -1, 1))
  .map(([seconds, milliseconds]) => BASE + seconds * 1000 + milliseconds);

export const LONGEST = 900_000;
