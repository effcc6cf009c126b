// Builds the package for other services, `@countersign/sdk`, from a copy of clients/sdk that sees its peers and nothing else of this
// project. `--out DIR`: where it goes; dist/sdk if left out. `npm pack` in there makes the archive.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runNode } from './gates/gate.mjs';

const project = join(import.meta.dirname, '..');
const sdk = join(project, 'clients/sdk');
const NOT_PACKED = /\.spec\.ts$|[\\/](fixtures|dist|node_modules)([\\/]|$)/;

const { values } = parseArgs({ options: { out: { type: 'string', default: join(project, 'dist/sdk') } } });
const out = resolve(values.out);
const alone = mkdtempSync(join(tmpdir(), 'countersign-sdk-'));
try {
  const copy = join(alone, 'clients/sdk');
  cpSync(sdk, copy, { recursive: true, filter: (path) => !NOT_PACKED.test(path.slice(sdk.length)) });
  cpSync(join(project, 'tsconfig.json'), join(alone, 'tsconfig.json'));
  const { peerDependencies } = JSON.parse(readFileSync(join(sdk, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(peerDependencies), '@types/node']) {
    const link = join(alone, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(project, 'node_modules', name), link, 'junction');
  }
  rmSync(join(out, 'dist'), { recursive: true, force: true });
  const compiler = join(project, 'node_modules/typescript-7/bin/tsc');
  const made = runNode(compiler, ['-p', 'clients/sdk/tsconfig.package.json', '--outDir', join(out, 'dist')], alone);
  process.stdout.write(made.stdout + made.stderr);
  process.exitCode = made.status ?? 1;
  cpSync(join(sdk, 'package.json'), join(out, 'package.json'));
  cpSync(join(project, 'LICENSE'), join(out, 'LICENSE'));
} finally {
  rmSync(alone, { recursive: true, force: true });
}
