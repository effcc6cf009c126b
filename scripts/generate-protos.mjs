// Generates protos/generated from the .proto files, offline. `--out DIR`: below that folder instead of the project.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { out: { type: 'string' } } });
const out = resolve(values.out ?? root);

mkdirSync(out, { recursive: true });
const options = { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' };
execFileSync('buf', ['generate', 'protos', '--template', 'protos/buf.gen.yaml', '--output', out], options);
// Only field annotations need these two, and nothing reads annotations at run time.
rmSync(join(out, 'protos/generated/google/protobuf/descriptor.ts'), { force: true });
rmSync(join(out, 'protos/generated/google/api'), { recursive: true, force: true });
// What reflection answers, and what tools without it are given: proto-loader makes one file of each package, which tools cannot read.
const descriptors = join(out, 'protos/generated/descriptors.binpb');
execFileSync('buf', ['build', 'protos', '--as-file-descriptor-set', '--exclude-source-info', '--output', descriptors], options);
