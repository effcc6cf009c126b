import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { relative, sep } from 'node:path';
import { plantTree, runScript, type PlantedTree } from './planted-tree.js';

interface Fault {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const fault = (rule: string, file: string, source: string): Fault => ({ rule, file, source });
const syntax = (file: string, source: string): Fault => fault('no-restricted-syntax', file, source);
const typed = (rule: string): string => `@typescript-eslint/${rule}`;
const nested = (depth: number): string => (depth === 0 ? 'n += 1;' : `if (n > ${depth}) { ${nested(depth - 1)} }`);
const branches = (count: number): string =>
  Array.from({ length: count }, (_, at) => `if (n === ${at}) return ${at + 1};`).join('\n  ');

/** Each file breaks one rule once. */
const FAULTS: readonly Fault[] = [
  syntax('engines/f01.ts', 'export const now = (): number => Date.now();'),
  syntax('accessors/f02.ts', 'export const now = (): Date => new Date();'),
  syntax('managers/f03.ts', 'export const now = (): number => performance.now();'),
  syntax('clients/rest/f04.ts', 'export const chance = (): number => Math.random();'),
  syntax('engines/f05.ts', 'export const id = (): string => globalThis.crypto.randomUUID();'),
  syntax('accessors/f06.ts', "import { randomUUID as made } from 'node:crypto';\nexport const make = made;"),
  syntax('accessors/f07.ts', "export const home = process.env['HOME'];"),
  syntax('utilities/clock/f08.ts', "export const home = process.env['HOME'];"),
  syntax('utilities/id/f09.ts', 'export const now = (): number => Date.now();'),
  syntax('managers/f10.ts', "export const say = (): void => console.log('x');"),
  syntax('clients/rest/f11.ts', "export const say = (): void => console.log('x');"),
  syntax('engines/f12.ts', "export const load = (): Promise<unknown> => fetch('https://x.test');"),
  syntax('engines/f13.ts', 'export const later = (): unknown => setTimeout(() => undefined, 1);'),
  syntax('accessors/f14.ts', 'const only = 1;\nexport default only;'),
  syntax('accessors/f15.ts', "export * from './f14.js';"),
  syntax('accessors/f16.ts', 'export enum Colour {\n  Red,\n}'),
  syntax('scripts/f17.mjs', 'const only = 1;\nexport default only;'),
  fault(
    'no-restricted-imports',
    'engines/f18.ts',
    "import type * as T from '#managers/f10.js';\nexport type Planted = typeof T;",
  ),
  fault(
    'no-restricted-imports',
    'utilities/f19.ts',
    "import type * as T from '#accessors/f14.js';\nexport type Planted = typeof T;",
  ),
  fault('max-depth', 'engines/f20.ts', `export function deep(n: number): number {\n  ${nested(4)}\n  return n;\n}`),
  fault('complexity', 'engines/f21.ts', `export function busy(n: number): number {\n  ${branches(10)}\n  return n;\n}`),
  fault(
    'max-params',
    'engines/f22.ts',
    'export const many = (a: number, b: number, c: number, d: number): number => a + b + c + d;',
  ),
  fault('max-lines', 'engines/f23.ts', Array.from({ length: 401 }, (_, at) => `export const n${at} = ${at};`).join('\n')),
  fault(
    'max-lines-per-function',
    'engines/f24.ts',
    `export function long(n: number): number {\n${'  n += 1;\n'.repeat(60)}  return n;\n}`,
  ),
  fault(typed('no-explicit-any'), 'engines/f25.ts', 'export type Loose = any;'),
  fault(
    typed('no-floating-promises'),
    'managers/f26.ts',
    'export function forget(work: () => Promise<void>): void {\n  work();\n}',
  ),
  fault(typed('no-non-null-assertion'), 'engines/f27.ts', 'export const sure = (list: readonly string[]): string => list[0]!;'),
  fault(
    typed('consistent-type-imports'),
    'engines/f28.ts',
    "import { Loose } from './f25.js';\nexport type Planted = readonly Loose[];",
  ),
  fault(
    typed('switch-exhaustiveness-check'),
    'engines/f29.ts',
    "export function one(kind: 'a' | 'b'): void {\n  switch (kind) {\n    case 'a':\n      return;\n  }\n}",
  ),
  fault('eqeqeq', 'engines/f30.ts', 'export const same = (a: string, b: string): boolean => a == b;'),
];

/** What the homes may do, and what tests may. */
const HOMES: Readonly<Record<string, string>> = {
  'utilities/clock/system.clock.ts': 'export const now = (): number => Date.now() + performance.now();\n',
  'utilities/id/random.id.ts': "import { randomUUID } from 'node:crypto';\nexport const id = (): string => randomUUID();\n",
  'clients/settings.ts': "export const home = process.env['HOME'];\n",
  'clients/cli/print.ts': "export const print = (): void => console.log('x');\n",
  'engines/dates.ts': 'export const shown = (at: number): string => new Date(at).toISOString();\n',
  'accessors/wiring.module.ts': 'export const make = (a: number, b: number, c: number, d: number): number => a + b + c + d;\n',
  'engines/dates.spec.ts': 'export const now = (list: readonly number[]): number => Date.now() + list[0]!;\n',
};

describe('The lint gate', () => {
  let tree: PlantedTree;
  let found: ReadonlyMap<string, readonly string[]>;

  beforeAll(async () => {
    const planted = Object.fromEntries(FAULTS.map(({ file, source }) => [file, `${source}\n`]));
    tree = await plantTree(['package.json', 'tsconfig.json', 'eslint.config.mjs'], { ...planted, ...HOMES });
    const { stdout, output } = await runScript('node_modules/eslint/bin/eslint.js', ['.', '--format', 'json'], tree.root);
    if (!stdout.startsWith('[')) throw new Error(output);
    const results = JSON.parse(stdout) as { filePath: string; messages: { ruleId: string | null }[] }[];
    found = new Map(
      results.map(({ filePath, messages }) => [
        relative(tree.root, filePath).split(sep).join('/'),
        messages.map(({ ruleId }) => ruleId ?? 'not parsed'),
      ]),
    );
  });

  afterAll(() => tree.remove());

  it.each(FAULTS)('$rule: sees $file', ({ rule, file }) => {
    expect([...new Set(found.get(file))]).toEqual([rule]);
  });

  it.each(Object.keys(HOMES))('lets %s be', (file) => {
    expect(found.get(file)).toEqual([]);
  });
});
