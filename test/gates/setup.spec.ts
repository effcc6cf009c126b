import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { plantBareTree, run, type Outcome, type PlantedTree } from './planted-tree.js';

/** Stands in for npm: what it installs is a builder that does nothing but say so. */
const NPM = `#!/bin/sh
echo "npm $*"
[ -z "$NPM_FAILS" ] || exit 1
mkdir -p node_modules/@nestjs/cli/bin
echo "if (process.env.BUILD_FAILS) process.exit(1);
require('node:fs').mkdirSync('dist', { recursive: true }); console.log('built');" > node_modules/@nestjs/cli/bin/nest.js
`;
const INSTALLS = 'npm ci --ignore-scripts';
const BUILDS = 'built';

describe('The setup before npm start and npm test', () => {
  let tree: PlantedTree;

  beforeEach(async () => {
    tree = await plantBareTree(['scripts/setup.mjs', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'], {
      'package-lock.json': '{ "one": 1 }',
      'engines/one.ts': 'export const one = 1;\n',
      'engines/two.ts': 'export const two = 2;\n',
      'engines/one.spec.ts': '',
      'bin/npm': NPM,
      'old/node': '#!/bin/sh\necho v20.19.0\n',
    });
    await chmod(join(tree.root, 'bin/npm'), 0o755);
    await chmod(join(tree.root, 'old/node'), 0o755);
  });

  afterEach(() => tree.remove());

  function setup(env: Readonly<Record<string, string>> = {}, before: readonly string[] = []): Promise<Outcome> {
    const path = [...before, join(tree.root, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter);
    return run([process.execPath, join(tree.root, 'scripts/setup.mjs'), '--build'], { cwd: '/', env: { ...env, PATH: path } });
  }

  it('installs without the scripts of packages, and builds', async () => {
    const { status, output } = await setup();
    expect(output).toContain(INSTALLS);
    expect(output).toContain(BUILDS);
    expect(status).toBe(0);
  });

  it('does neither a second time', async () => {
    await setup();
    expect(await setup()).toMatchObject({ status: 0, output: '' });
  });

  it('installs anew when the lockfile changed', async () => {
    await setup();
    await tree.write({ 'package-lock.json': '{ "one": 2 }' });
    expect((await setup()).output).toContain(INSTALLS);
  });

  it.each([
    ['was changed', () => tree.write({ 'engines/one.ts': 'export const one = 11;\n' })],
    ['was added', () => tree.write({ 'engines/three.ts': '' })],
    ['went away', () => rm(join(tree.root, 'engines/two.ts'))],
    ['stands, but what was built went away', () => rm(join(tree.root, 'dist'), { recursive: true })],
  ])('builds anew, without installing, when a source %s', async (_how, change) => {
    await setup();
    await change();
    const { output } = await setup();
    expect(output).toContain(BUILDS);
    expect(output).not.toContain(INSTALLS);
  });

  it('does not build anew for a test', async () => {
    await setup();
    await tree.write({ 'engines/one.spec.ts': '// more\n' });
    expect((await setup()).output).toBe('');
  });

  it('does not take a failed installation or build for a good one', async () => {
    expect(await setup({ NPM_FAILS: '1' })).toMatchObject({ status: 1 });
    expect(await setup({ BUILD_FAILS: '1' })).toMatchObject({ status: 1 });
    const { status, output } = await setup();
    expect(output).toContain(BUILDS);
    expect(status).toBe(0);
  });

  it('says what to do when the only Node is too old', async () => {
    const { status, output } = await setup({}, [join(tree.root, 'old')]);
    expect(status).toBe(1);
    expect(output).toContain('Node v20.19.0 is too old');
    expect(output).toContain('Install Node 24 LTS');
  });
});
