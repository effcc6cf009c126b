import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from '@jest/globals';
import { factSourceConformance } from '../../test/conformance/fact-source.conformance.js';
import { CsvFactSource } from './csv.fact-source.js';

const folder = mkdtempSync(join(tmpdir(), 'fact-source-'));
const file = join(folder, 'facts.csv');
writeFileSync(file, 'ana,subject.department,sales\nana,subject.site,bern\nbo,subject.department,legal\nbo,subject.site,bern\n');
afterAll(() => rmSync(folder, { recursive: true }));

const about = (subjectKey: string) => ({
  tenantId: 't1',
  tenantSlug: 'acme',
  identity: null,
  subjectKey,
  paths: ['subject.department', 'subject.site'],
});

describe('CsvFactSource keeps the contract of fact sources', () => {
  const rules = factSourceConformance({
    start: () => Promise.resolve(new CsvFactSource({ file })),
    known: [
      { question: about('ana'), values: { 'subject.department': 'sales', 'subject.site': 'bern' } },
      { question: about('bo'), values: { 'subject.department': 'legal', 'subject.site': 'bern' } },
    ],
    nobody: about('nobody'),
    fail: async () => {
      renameSync(file, `${file}.away`);
      return async () => {
        renameSync(`${file}.away`, file);
      };
    },
  });
  it.each(rules)('$name', ({ check }) => check());
});
