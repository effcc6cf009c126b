import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { BILLING, language } from './fixtures/language.fixture.js';

const example = (file: string): unknown =>
  parse(readFileSync(join(import.meta.dirname, '../../../examples/policies/billing', file), 'utf8'));
const anything = fc.anything({
  withNullPrototype: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withBigInt: true,
  maxDepth: 4,
});
const surroundings = { applications: [BILLING], issuers: [], factSources: [] };

/** The document with one part of it, found by walking along the numbers, replaced or taken away. */
function spoilt(document: unknown, way: readonly number[], by: unknown): unknown {
  const [step = 0, ...rest] = way;
  if (typeof document !== 'object' || document === null || way.length === 0) return by;
  const names = Object.keys(document);
  const name = names[step % Math.max(1, names.length)];
  if (name === undefined) return by;
  if (Array.isArray(document))
    return document.map((part: unknown, at): unknown => (String(at) === name ? spoilt(part, rest, by) : part));
  return Object.fromEntries(Object.entries(document).map(([key, part]) => [key, key === name ? spoilt(part, rest, by) : part]));
}

describe('A document that anybody may have made', () => {
  it('is refused with its faults and never with an exception', () => {
    fc.assert(
      fc.property(anything, (document) => {
        for (const reading of [language.read(document), language.readTests(document)]) {
          expect(reading.ok ? [] : reading.faults).not.toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is read and checked, or refused, wherever a policy was spoilt', () => {
    const policy = example('policy.yaml');
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), fc.oneof(anything, fc.string()), (way, by) => {
        const reading = language.read(spoilt(policy, way, by));
        if (reading.ok) {
          language.lint(reading.file.content, surroundings);
          expect(language.read(language.write(reading.file))).toEqual(reading);
        } else expect(reading.faults).not.toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('is refused where a condition is nothing but blanks', () => {
    const policy = example('policy.yaml') as Readonly<Record<string, unknown>>;
    const reading = language.read({ ...policy, conditions: { office_hours: ' ' } });
    expect(reading.ok ? [] : reading.faults.map(({ path }) => path)).toContain('conditions.office_hours');
  });

  it('is read and run, or refused, wherever tests were spoilt', () => {
    const policy = language.read(example('policy.yaml'));
    if (!policy.ok) throw new Error('the example is a policy');
    const version = { ...policy.file.content, tenantId: 't1', set: 'main', sequence: 1 };
    const tests = example('tests.yaml');
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), fc.oneof(anything, fc.string()), (way, by) => {
        const reading = language.readTests(spoilt(tests, way, by));
        if (reading.ok) {
          const { results } = language.runTests(version, [reading.file], [BILLING]);
          expect(results).toHaveLength(reading.file.tests.length);
        } else expect(reading.faults).not.toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
