import { describe, expect, it } from '@jest/globals';
import { FAULTS } from './planted.faults.js';
import { assertProperties, PROPERTIES, type Run } from './property-run.js';

const WHEN = Object.keys(PROPERTIES).filter((name) => name.startsWith('answers change'));
const CHECKS = Object.keys(PROPERTIES).filter((name) => name.startsWith('checks are'));
const SETS = Object.keys(PROPERTIES).filter((name) => name.startsWith('effective permissions are'));
/** What is found at once costs nothing; what is about moments, checks or sets alone is found by asking about these alone. */
const ATTEMPTS: readonly Pick<Run, 'questions' | 'properties'>[] = [
  { questions: 500 },
  { questions: 2500, properties: CHECKS },
  { questions: 2500, properties: WHEN },
  { questions: 20_000, properties: SETS },
  { questions: 20_000 },
];
const ON_A_BUSY_MACHINE = 600_000;

function isFound(judge: Run['judge']): boolean {
  return ATTEMPTS.some((attempt) => {
    try {
      assertProperties({ ...attempt, judge, seed: 1, shrinks: false });
      return false;
    } catch {
      return true;
    }
  });
}

describe('An engine with one thing wrong in it', () => {
  it.each(Object.entries(FAULTS))('is found: it %s', (_fault, judge) => expect(isFound(judge)).toBe(true), ON_A_BUSY_MACHINE);
});
