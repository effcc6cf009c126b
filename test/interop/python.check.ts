/** grpcio as Debian packages it, with the client of examples/python-client and stubs that protoc makes on the spot. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { InteropWorld } from './interop.world.js';
import { CALLER, SAMPLE_AUDIENCE } from './interop.world.js';
import { type Case, Cases, Skipped } from './outcome.js';
import { program, run, succeed } from './programs.js';
import { subjectTokens } from './tokens.js';

const ROOT = join(import.meta.dirname, '../..');
const PROTOS = join(ROOT, 'protos');
const NEEDED = [
  'countersign/auth/v1/auth.proto',
  'google/api/field_behavior.proto',
  'google/rpc/status.proto',
  'google/rpc/error_details.proto',
];
/** Debian's own: another Python on PATH does not see Debian's packages. */
const PYTHON = '/usr/bin/python3';

export interface PythonTarget {
  /** host:port, with TLS. */
  readonly target: string;
  /** Whether the service itself is there, and no proxy. */
  readonly direct: boolean;
}

/** @throws Skipped where something of it is not installed */
export async function checkPython(world: InteropWorld): Promise<Cases> {
  return askInPython(world, { target: world.secure.grpcAddress, direct: true });
}

/** All cases of `python_checks.py`. */
export async function askInPython(world: InteropWorld, { target, direct }: PythonTarget): Promise<Cases> {
  const stubs = await pythonStubs(world);
  const input = JSON.stringify({
    target,
    plain_target: world.plain.grpcAddress,
    roots: world.caFile,
    other_roots: world.otherCaFile,
    client_id: CALLER,
    secret: world.service.secret,
    audience: SAMPLE_AUDIENCE,
    tokens: subjectTokens(world),
    direct,
  });
  const { status, stdout, stderr } = await run(PYTHON, [join(import.meta.dirname, 'python_checks.py')], {
    env: { PYTHONPATH: [stubs, join(ROOT, 'examples/python-client')].join(':'), PYTHONDONTWRITEBYTECODE: '1' },
    input,
    seconds: 120,
  });
  const cases = new Cases();
  cases.take(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Case),
  );
  if (status !== 0 || cases.seen.length === 0) cases.take([{ name: 'the program ends well', fault: stderr.trim().slice(-2000) }]);
  return cases;
}

async function pythonStubs(world: InteropWorld): Promise<string> {
  const protoc = program('protoc', 'protobuf-compiler');
  const plugin = program('grpc_python_plugin', 'protobuf-compiler-grpc');
  const { status } = await run(PYTHON, ['-c', 'import grpc, google.protobuf']).catch(() => ({ status: null }));
  if (status !== 0) throw new Skipped(`${PYTHON} has no grpcio (Debian: python3-grpcio)`);
  const folder = join(world.folder, 'python-stubs');
  mkdirSync(folder, { recursive: true });
  await succeed(protoc, [
    ...[`-I${PROTOS}`, `--python_out=${folder}`, `--grpc_python_out=${folder}`, `--plugin=protoc-gen-grpc_python=${plugin}`],
    ...NEEDED,
  ]);
  return folder;
}
