import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { plantTree, runScript, type PlantedTree } from './planted-tree.js';

const PLANTED = [
  'docs/errors/TOKEN_EXPIRED.md is not up to date: npm run gen',
  'docs/errors/TOKEN_TOO_OLD.md is missing: npm run gen',
  'docs/errors/TOKEN_TOO_YELLOW.md describes nothing that exists: npm run gen',
  'docs/errors/README.md: the link TOKEN_TOO_OLD.md leads nowhere',
  'docs/config.schema.json is not up to date: npm run gen',
  'protos/generated/countersign/auth/v1/auth.ts is not up to date: npm run gen',
  'README.md: the link docs/nowhere.md leads nowhere',
  'README.md: the link docs/tour.md#no-such-heading names no heading',
];

describe('The docs gate', () => {
  let tree: PlantedTree;
  let before: readonly string[];
  let after: readonly string[];

  async function check(): Promise<readonly string[]> {
    const { output } = await runScript('scripts/gates/docs-check.mjs', ['--root', tree.root], tree.root);
    return output.trim().split('\n');
  }

  beforeAll(async () => {
    tree = await plantTree(['docs', 'protos/generated'], {
      'README.md': '# It\n\n[The codes](docs/errors/README.md)\n',
      'docs/tour.md': '# Tour\n',
    });
    before = await check();
    const read = (path: string): Promise<string> => readFile(join(tree.root, path), 'utf8');
    await rm(join(tree.root, 'docs/errors/TOKEN_TOO_OLD.md'));
    await tree.write({
      'docs/errors/TOKEN_EXPIRED.md': (await read('docs/errors/TOKEN_EXPIRED.md')).replace(
        'No skew is allowed',
        'Skew is allowed',
      ),
      'docs/errors/TOKEN_TOO_YELLOW.md': '# TOKEN_TOO_YELLOW\n',
      'docs/config.schema.json': '{}\n',
      'protos/generated/countersign/auth/v1/auth.ts': `${await read('protos/generated/countersign/auth/v1/auth.ts')}// by hand\n`,
      'README.md': [
        '# It',
        '[gone](docs/nowhere.md) [no heading](docs/tour.md#no-such-heading) [here](#it) [there](docs/tour.md#tour) [out](https://example.test/x)',
        '```\n[in code](docs/nowhere-either.md)\n```',
      ].join('\n\n'),
    });
    after = await check();
  });

  afterAll(() => tree.remove());

  it('has something built to read', () => {
    expect(existsSync(join(import.meta.dirname, '../../dist/utilities/errors/catalogue.js'))).toBe(true);
  });

  it.each(PLANTED)('finds: %s', (fault) => {
    expect(before).not.toContain(fault);
    expect(after).toContain(fault);
  });

  it('finds nothing that was not planted', () => {
    expect(after.filter((line) => !before.includes(line) && !PLANTED.includes(line))).toEqual([]);
  });
});
