import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plantTree, runScript, type PlantedTree } from './planted-tree.js';

describe('The typecheck and format gates', () => {
  let tree: PlantedTree;

  beforeAll(async () => {
    tree = await plantTree(['package.json', 'tsconfig.json', '.prettierrc.json', '.prettierignore'], {
      'engines/right.ts': "export const right: string = 'right';\n",
      'engines/wrong.ts':
        "import { right } from '#engines/right.js';\nconst list: readonly string[] = [right];\nexport const first: string = list[0];\n",
      'engines/crooked.ts': 'export const   crooked = "x"\n',
      'protos/generated/crooked.ts': 'export const   crooked = "x"\n',
    });
  });

  afterAll(() => tree.remove());

  it('name the line with a wrong type, and no other', async () => {
    const { status, output } = await runScript(
      'node_modules/typescript-7/bin/tsc',
      ['-p', 'tsconfig.json', '--noEmit'],
      tree.root,
    );
    expect(status).not.toBe(0);
    expect(output.match(/^[^\s(]+\(\d+,/gm)).toEqual(['engines/wrong.ts(3,']);
  });

  it('name the file that is laid out otherwise, and leave generated ones alone', async () => {
    const { status, output } = await runScript('node_modules/prettier/bin/prettier.cjs', ['--check', '.'], tree.root);
    expect(status).toBe(1);
    expect(output).toContain('engines/crooked.ts');
    expect(output).not.toContain('engines/right.ts');
    expect(output).not.toContain('generated');
  });
});
