import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plantTree, runScript, type Outcome, type PlantedTree } from './planted-tree.js';

const PROTO = 'protos/countersign/auth/v1/auth.proto';

describe('The protos gate', () => {
  let tree: PlantedTree;

  beforeEach(async () => {
    tree = await plantTree(['protos'], {});
  });

  afterEach(() => tree.remove());

  const check = (): Promise<Outcome> => runScript('scripts/gates/protos-check.mjs', ['--root', tree.root], tree.root);

  async function change(from: RegExp, to: string): Promise<void> {
    const text = await readFile(join(tree.root, PROTO), 'utf8');
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    await tree.write({ [PROTO]: changed });
  }

  it('passes the protos as they are', async () => {
    expect(await check()).toMatchObject({ status: 0 });
  });

  it('catches a field that went away', async () => {
    await change(/^ *\/\/[^\n]*\n *string scope = 5[^\n]*\n/m, '');
    const { status, output } = await check();
    expect(status).toBe(1);
    expect(output).toMatch(/buf breaking:[\s\S]*field "5"/);
  });

  it('catches a name against the style, and a message that nothing says anything of', async () => {
    await change(/$/, '\nmessage not_in_style {\n  string Name = 1;\n}\n');
    const { status, output } = await check();
    expect(status).toBe(1);
    expect(output).toMatch(/buf lint:[\s\S]*PascalCase/);
    expect(output).toMatch(/non-empty comment/);
  });
});
