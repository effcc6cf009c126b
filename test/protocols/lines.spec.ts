import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');
const LINE = /\b(?:8693|9068|8414)-\d\d\b/;

const rows = readFileSync(join(ROOT, 'docs', 'protocols.md'), 'utf8')
  .split('\n')
  .filter((line) => LINE.test(line.split('|')[1] ?? ''))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, id = '', section = '', , shown = '']) => ({ id, section, shown }));

const titles = readdirSync(import.meta.dirname)
  .filter((file) => file.startsWith('rfc'))
  .flatMap((file) => [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/\bit\('([^']+)'/g)])
  .map(([, title = '']) => title);

describe('Lines of the protocols', () => {
  const tested = titles.map((title) => LINE.exec(title)?.[0] ?? title);

  it('are each in one place: a test of that name, or a reason', () => {
    const marked = rows.filter(({ shown }) => shown === 'tested').map(({ id }) => id);
    expect([...tested].sort()).toEqual([...marked].sort());
    for (const { id, shown } of rows) expect([id, shown.length >= 'tested'.length]).toEqual([id, true]);
  });

  it('are numbered without gaps, each once', () => {
    for (const rfc of ['8693', '9068', '8414']) {
      const numbers = rows.flatMap(({ id }) => (id.startsWith(rfc) ? [Number(id.slice(5))] : []));
      expect(numbers).toEqual(numbers.map((_each, at) => at + 1));
      expect(numbers.length).toBeGreaterThan(10);
    }
  });

  it('are mostly tested', () => {
    expect(tested.length / rows.length).toBeGreaterThan(0.85);
  });
});
