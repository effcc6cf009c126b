import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';

interface Row {
  readonly id: string;
  readonly applies: 'yes' | 'no';
  readonly tests: readonly string[];
  readonly reason: string;
}

const ROOT = join(import.meta.dirname, '..', '..');
/** OWASP ASVS 5.0: how many requirements each section of the two chapters has. */
const SECTIONS = { '9.1': 3, '9.2': 4, '10.1': 2, '10.2': 3, '10.3': 5, '10.4': 16, '10.5': 5, '10.6': 2, '10.7': 3 };

const [, ...cells]: string[][] = parse(readFileSync(join(ROOT, 'docs', 'security', 'asvs.csv')));
const rows = cells.map(([id = '', , applies = '', , tests = '', reason = '']): Row => ({
  id,
  applies: applies as Row['applies'],
  tests: tests === '' ? [] : tests.split(' | '),
  reason,
}));

describe('OWASP ASVS 5.0, V9 and V10', () => {
  it('has a row for each requirement', () => {
    const expected = Object.entries(SECTIONS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_each, at) => `${section}.${String(at + 1)}`),
    );
    expect(rows.map(({ id }) => id).sort()).toEqual(expected.sort());
  });

  it('has a test or a reason in each row, and never both', () => {
    for (const { id, applies, tests, reason } of rows) {
      expect([id, ['yes', 'no'].includes(applies), tests.length > 0]).toEqual([id, true, reason === '']);
      if (applies === 'no') expect([id, tests]).toEqual([id, []]);
    }
  });

  it('applies all of V9, with a test for each requirement', () => {
    for (const { id, applies, tests } of rows.filter((row) => row.id.startsWith('9.'))) {
      expect([id, applies, tests.length > 0]).toEqual([id, 'yes', true]);
    }
  });

  it('gives a reason in the place of a test for a fifth of what applies at most', () => {
    const applicable = rows.filter(({ applies }) => applies === 'yes');
    expect(applicable.filter(({ tests }) => tests.length === 0).length / applicable.length).toBeLessThanOrEqual(0.2);
  });

  it.each(rows.flatMap(({ id, tests }) => tests.map((test) => [id, test] as const)))(
    '%s names a test that is there: %s',
    (_id, test) => {
      const [file = '', name = ''] = test.split(' › ');
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
      if (name === '*') return;
      const quoted = readFileSync(join(ROOT, file), 'utf8').includes(`'${name}'`);
      expect([name, quoted]).toEqual([name, true]);
    },
  );
});
