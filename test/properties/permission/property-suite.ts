import { describe, expect, it } from '@jest/globals';
import { freshEngine } from './judge.js';
import { assertProperties } from './property-run.js';

/** In all parts together; `PERMISSION_QUESTIONS=100000` for a long run. */
const QUESTIONS = Number(process.env['PERMISSION_QUESTIONS'] ?? 8_000);
const SEED = Number(process.env['PERMISSION_SEED'] ?? 20_260);
/** Thirty seconds of work for a hundred thousand. */
const TIMEOUT = Math.max(600_000, QUESTIONS * 20);

/** Questions that are asked of the engine and of the second reading, in several parts that run beside each other. */
export function itHoldsForQuestions({ part, of }: { readonly part: number; readonly of: number }): void {
  describe('CVE-2026-9704 (GHSA-75p6-52g3-rqc8): an answer about permissions', () => {
    const questions = Math.ceil(QUESTIONS / of);
    const outcomes = new Map<string, number>();
    const count = (outcome: string): unknown => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);

    it(
      `is the one of the second reading and keeps every law (${String(questions)} questions, part ${String(part)} of ${String(of)})`,
      () => {
        assertProperties({
          judge: () => freshEngine(),
          questions,
          seed: SEED + part,
          onQuestion: ({ decision }) => {
            if (decision.effect === 'refused') return void count(decision.code);
            if (decision.permissions.length > 0) count('granted');
            if (decision.conditional.length > 0) count('conditional');
            if (decision.details.length > 0) count('details');
            count(decision.validUntil === null ? 'lasting' : 'changing');
          },
        });
      },
      TIMEOUT,
    );

    it('is of every kind often enough to prove something', () => {
      const kinds = [
        'granted',
        'conditional',
        'details',
        'changing',
        'lasting',
        'PERMISSION_NONE',
        'SCOPE_NOT_HELD',
        'SCOPE_NOT_ALLOWED',
      ];
      const more = ['SCOPE_UNKNOWN', 'GROUPS_OVERAGE_UNRESOLVED', 'SUBJECT_DISABLED', 'TENANT_SUSPENDED'];
      expect([...kinds, ...more].filter((kind) => (outcomes.get(kind) ?? 0) < questions / 10_000)).toEqual([]);
      expect(outcomes.get('granted') ?? 0).toBeGreaterThan(questions / 6);
      expect(outcomes.get('conditional') ?? 0).toBeGreaterThan(questions / 10);
    });
  });
}
