import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { contractShape } from './contract-checks.js';
import { isCode, isTest, linesOf, projectFiles, topLevelFolders } from './source-tree.js';
import * as checks from './structure-checks.js';

const root = join(import.meta.dirname, '../..');
const files = projectFiles(root);

const faultsOf = (check: checks.FileCheck): string[] =>
  files.flatMap((file) => check(file).map((fault) => `${file.path}: ${fault}`));
const file = (path: string, text: string): { path: string; text: string } => ({ path, text });
/** Spelt in parts, so that the checks do not find them here. */
const spelt = (...parts: readonly string[]): string => parts.join('');
const operations = (count: number): string =>
  Array.from({ length: count }, (_, at) => `  /** Does it. */\n  do${at}(): void;\n`).join('');

interface Case {
  readonly title: string;
  readonly check: checks.FileCheck;
  readonly bad: readonly { readonly path: string; readonly text: string }[];
  readonly good: readonly { readonly path: string; readonly text: string }[];
}

const CASES: readonly Case[] = [
  {
    title: 'a file has at most 400 lines',
    check: checks.tooLong,
    bad: [file('engines/a/long.ts', 'x\n'.repeat(401))],
    good: [file('engines/a/long.ts', 'x\n'.repeat(400)), file('protos/generated/long.ts', 'x\n'.repeat(900))],
  },
  {
    title: 'a file name says what is in it',
    check: checks.vagueName,
    bad: ['engines/a/utils.ts', 'clients/rest/index.ts', 'accessors/a/types.ts', 'test/util.spec.ts', 'scripts/helpers.mjs'].map(
      (path) => file(path, ''),
    ),
    good: [file('engines/a/type.check.ts', ''), file('engines/a/mapping-index.ts', '')],
  },
  {
    title: 'a comment tells neither history nor tickets, and is not code',
    check: checks.talkativeComment,
    bad: [
      file('engines/a/x.ts', spelt('// form', 'erly a map\n')),
      file('engines/a/x.ts', spelt('const a = 1; // TO', 'DO later\n')),
      file('engines/a/x.ts', spelt('/', '**\n * See iss', 'ue ', '#12.\n */\n')),
      file('engines/a/x.ts', spelt('// const', ' a = 1;\n')),
    ],
    good: [
      file('engines/a/x.ts', "const a = 'https://x.test//y'; // CVE-2015-9235, RFC 7519 §4.1\n"),
      file('engines/a/x.ts', '// If the key is gone, answer none.\n'),
    ],
  },
  {
    title: 'a check is switched off only with a reason',
    check: checks.unexplainedSuppression,
    bad: [
      file('engines/a/x.ts', spelt('// eslint-', 'disable-next-line complexity\n')),
      file('engines/a/x.ts', spelt('// @ts-', 'ignore\n')),
      file('engines/a/x.ts', spelt('// @ts-', 'expect-error -- because\n')),
    ],
    good: [file('engines/a/x.ts', spelt('// eslint-', 'disable-next-line complexity -- one branch a member of the grammar\n'))],
  },
  {
    title: 'the project names no place outside itself',
    check: checks.workplaceName,
    bad: [
      file('docs/a.md', spelt('see /wo', 'rk/main')),
      file('docs/a.md', spelt('see ../sha', 'red/design.md')),
      file('a.mjs', spelt('https://registry.', 'npmjs.org/x')),
    ],
    good: [file('docs/a.md', 'shared applications; the framework/library'), file('.ci/run', spelt('../sha', 'red/vectors'))],
  },
  {
    title: 'no private key lies in the tree',
    check: checks.privateKey,
    bad: [
      file('test/key.pem', spelt('-----BEGIN EC PRIV', 'ATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1\n')),
      file('test/key.json', spelt('{"k', 'ty":"EC","crv":"P-256","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}')),
    ],
    good: [file('test/key.json', '{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"}')],
  },
  {
    title: 'every test runs and asserts',
    check: checks.idleTest,
    bad: [
      file('engines/a/x.spec.ts', spelt('it.on', "ly('x', () => {})")),
      file('test/x.spec.ts', spelt('describe.sk', "ip('x')")),
    ],
    good: [file('engines/a/x.spec.ts', "it('skips nothing', () => {})")],
  },
  {
    title: 'an Engine knows an Accessor only along the two edges',
    check: checks.accessorKnownToEngine,
    bad: [
      file('engines/permission/x.ts', "import type { FactAccess } from '#accessors/facts/contract.js';"),
      file('engines/signing/x.ts', "import {\n  ISSUER_ACCESS,\n} from '#accessors/issuer/contract.js';"),
    ],
    good: [
      file('engines/permission/x.ts', "import type { SubjectFacts } from '#accessors/facts/contract.js';"),
      file('engines/signing/x.ts', "import type { KeyAccess } from '#accessors/key/contract.js';"),
    ],
  },
  {
    title: 'only Accessors reach the database',
    check: checks.databaseKnownToManager,
    bad: [file('managers/a/x.ts', "import type { Database, UnitOfWork } from '#utilities/database/contract.js';")],
    good: [file('managers/a/x.ts', "import type { UnitOfWork } from '#utilities/database/contract.js';")],
  },
  {
    title: 'a controller asks one Manager',
    check: checks.manyManagers,
    bad: [file('clients/rest/x.controller.ts', "import '#managers/a/contract.js'; import '#managers/b/contract.js';")],
    good: [file('clients/rest/x.controller.ts', "import '#managers/a/contract.js';")],
  },
  {
    title: 'a contract is small and promises something',
    check: contractShape,
    bad: [
      file('engines/a/contract.ts', `/** Hides. */\nexport interface Big {\n${operations(10)}}\n`),
      file('engines/a/contract.ts', '/** Hides. */\nexport interface Silent {\n  act(): void;\n}\n'),
      file('engines/a/contract.ts', `export interface Bare {\n${operations(1)}}\n`),
    ],
    good: [file('engines/a/contract.ts', `/** Hides. */\nexport interface Right {\n${operations(9)}}\n`)],
  },
];

describe.each(CASES)('The structure: $title', ({ check, bad, good }) => {
  it('holds for the project', () => {
    expect(faultsOf(check)).toEqual([]);
  });

  it('is seen where it is broken', () => {
    for (const planted of bad) expect({ planted, faults: check(planted).length }).toEqual({ planted, faults: 1 });
  });

  it('is not seen where it is kept', () => {
    for (const planted of good) expect({ planted, faults: check(planted) }).toEqual({ planted, faults: [] });
  });
});

describe('The structure', () => {
  it('has a closed list of folders at its root', () => {
    expect(checks.unknownFolders(topLevelFolders(root))).toEqual([]);
    expect(checks.unknownFolders(['engines', 'src', 'lib'])).toEqual(['src', 'lib']);
  });

  it('has a contract in every service folder', () => {
    expect(checks.foldersWithoutContract(files)).toEqual([]);
    expect(checks.foldersWithoutContract([file('engines/new/a.ts', ''), file('utilities/errors/a.ts', '')])).toEqual([
      'engines/new',
    ]);
  });

  it('looks at the whole project, whose files are small', () => {
    const sizes = files
      .filter((one) => isCode(one) && !isTest(one.path))
      .map(linesOf)
      .sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
    expect(sizes.length).toBeGreaterThan(100);
    expect(median).toBeGreaterThan(0);
    expect(median).toBeLessThanOrEqual(110);
  });
});
