import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { plantTree, runScript, type PlantedTree } from '../gates/planted-tree.js';
import { ACCOMPLICES, HOUSE, VIOLATIONS } from './planted-violations.js';

interface Cruise {
  readonly modules: number;
  readonly edges: number;
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[];
}

const CONFIGURATION = ['.dependency-cruiser.mjs', 'package.json', 'tsconfig.json'];

async function cruise(root: string): Promise<Cruise> {
  const { stdout, output } = await runScript(
    'scripts/gates/arch.mjs',
    ['--root', root, '--json', '--modules', '1', '--edges', '1'],
    root,
  );
  if (!stdout.startsWith('{')) throw new Error(output);
  return JSON.parse(stdout) as Cruise;
}

async function ruleNames(): Promise<string[]> {
  const file = pathToFileURL(join(import.meta.dirname, '../../.dependency-cruiser.mjs')).href;
  const { default: config } = (await import(file)) as { default: { forbidden: { name: string }[] } };
  return config.forbidden.map(({ name }) => name);
}

describe('The rooms', () => {
  let clean: PlantedTree;
  let broken: PlantedTree;
  let found: Cruise;

  beforeAll(async () => {
    clean = await plantTree(CONFIGURATION, HOUSE);
    const planted = Object.fromEntries(VIOLATIONS.map(({ file, source }) => [file, source]));
    broken = await plantTree(CONFIGURATION, { ...HOUSE, ...ACCOMPLICES, ...planted });
    found = await cruise(broken.root);
  });

  afterAll(async () => {
    await clean.remove();
    await broken.remove();
  });

  it('let a house pass that keeps the rules, and see its imports', async () => {
    const { violations, modules, edges } = await cruise(clean.root);
    expect(violations).toEqual([]);
    expect(modules).toBeGreaterThanOrEqual(Object.keys(HOUSE).length - 1);
    expect(edges).toBeGreaterThan(20);
  });

  it.each(VIOLATIONS)('$rule: is broken by $file, and nothing else is', ({ rule, file }) => {
    const broke = found.violations.filter(({ from }) => from === file).map((violation) => violation.rule);
    expect([...new Set(broke)]).toEqual([rule]);
  });

  it('blame no file that keeps the rules', () => {
    const planted = new Set(VIOLATIONS.map(({ file }) => file));
    expect(found.violations.filter(({ from }) => !planted.has(from))).toEqual([]);
  });

  it('have a planted violation for each rule', async () => {
    expect([...new Set(VIOLATIONS.map(({ rule }) => rule))].sort()).toEqual((await ruleNames()).sort());
  });

  it('do not pass when nearly nothing was seen', async () => {
    const { status, output } = await runScript('scripts/gates/arch.mjs', ['--root', clean.root], clean.root);
    expect(status).toBe(1);
    expect(output).toMatch(/only \d+ modules were seen/);
    expect(output).toMatch(/only \d+ dependencies were seen/);
  });
});
