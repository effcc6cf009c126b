import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plantTree, runScript, type Outcome, type PlantedTree } from './planted-tree.js';

describe('The dead code gate', () => {
  let tree: PlantedTree;
  let found: Outcome;

  beforeAll(async () => {
    tree = await plantTree(['package.json', 'tsconfig.json', 'knip.json'], {
      'clients/main.ts': "import { used } from '#engines/half-used.js';\nexport const main = used;\n",
      'engines/half-used.ts': 'export const used = 1;\nexport const neverUsed = 2;\n',
      'engines/left-over.ts': 'export const leftOver = 1;\n',
    });
    found = await runScript('node_modules/knip/bin/knip.js', ['--no-progress'], tree.root);
  });

  afterAll(() => tree.remove());

  it('fails', () => {
    expect(found.status).toBe(1);
  });

  it('names the file that nothing imports', () => {
    expect(found.output).toMatch(/Unused files[\s\S]*engines\/left-over\.ts/);
  });

  it('names the export that nothing imports, and not the one beside it', () => {
    expect(found.output).toMatch(/neverUsed.*engines\/half-used\.ts/);
    expect(found.output).not.toMatch(/^used /m);
  });

  it('names the package that nothing imports', () => {
    expect(found.output).toMatch(/Unused dependencies[\s\S]*\bpino\b/);
  });
});
