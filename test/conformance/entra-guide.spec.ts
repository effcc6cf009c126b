import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { faultsOf } from '#managers/administration/fixtures/import-world.fixture.js';
import { CATALOGUE } from '#utilities/errors/catalogue.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/guides/entra-in-15-minutes.md'), 'utf8');

describe('The guide to Entra', () => {
  it('has an import file without faults', async () => {
    const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(PAGE) ?? [];
    expect(yaml).toContain('provider: entra-id');
    const document: unknown = parse(yaml.replace(/<digest[^>]*>/, 'a'.repeat(64)));
    expect(await faultsOf(document)).toEqual([]);
  });

  it('names codes that exist, and no others', () => {
    const codes = [...PAGE.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(8);
    expect(codes.filter((code) => !Object.hasOwn(CATALOGUE, code))).toEqual([]);
  });

  it('has JSON that parses', () => {
    const blocks = [...PAGE.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, json]) => `{${json ?? ''}}`);
    expect(blocks).toHaveLength(2);
    for (const block of blocks) expect(JSON.parse(block)).toBeDefined();
  });
});
