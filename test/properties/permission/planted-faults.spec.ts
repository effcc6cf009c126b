import { describe, expect, it } from '@jest/globals';
import { FAULTS } from './planted.faults.js';
import { assertProperties } from './property-run.js';

const FEW = 500;
const MANY = 20_000;

/** Asks in growing numbers, so that what is found at once costs nothing. */
function isFound(judge: (typeof FAULTS)[string]): boolean {
  for (const questions of [FEW, MANY]) {
    try {
      assertProperties({ judge, questions, seed: 1, shrinks: false });
    } catch {
      return true;
    }
  }
  return false;
}

describe('An engine with one thing wrong in it', () => {
  it.each(Object.entries(FAULTS))('is found: it %s', (_fault, judge) => expect(isFound(judge)).toBe(true), 600_000);
});
