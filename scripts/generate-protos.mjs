// Generates protos/generated from the .proto files, offline. Run through `npm run gen:protos`.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';

execFileSync('buf', ['generate', 'protos', '--template', 'protos/buf.gen.yaml'], { stdio: 'inherit' });
// Only field annotations need these two, and nothing reads annotations at run time.
rmSync('protos/generated/google/protobuf/descriptor.ts', { force: true });
rmSync('protos/generated/google/api', { recursive: true, force: true });
