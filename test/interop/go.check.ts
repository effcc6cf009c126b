/** grpc-go with the client of examples/go-client, and grpcurl: where a Go toolchain is, and a module proxy or a filled cache. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { basic } from '../support/callers.js';
import { CALLER, type InteropWorld, SAMPLE_AUDIENCE } from './interop.world.js';
import { Cases, Skipped } from './outcome.js';
import { program, run, succeed } from './programs.js';
import { subjectTokens } from './tokens.js';

const ROOT = join(import.meta.dirname, '../..');
const PROTOS = join(ROOT, 'protos');
const SERVICE = 'countersign.auth.v1.AuthService';
const BUILDS_WITHIN_SECONDS = 600;

interface Go {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Answer {
  readonly allowed: boolean;
  readonly code?: string;
  readonly tokenType?: string;
  readonly refusal?: {
    readonly status: string;
    readonly reason: string;
    readonly domain: string;
    readonly fields: readonly string[] | null;
    readonly help: readonly string[] | null;
    readonly retryAfterSeconds: number;
  };
}

/** @throws Skipped without a toolchain, protoc or modules */
export async function checkGrpcGo(world: InteropWorld): Promise<Cases> {
  const go = toolchain(world);
  program('protoc', 'protobuf-compiler');
  const folder = join(world.folder, 'go-client');
  cpSync(join(ROOT, 'examples/go-client'), folder, { recursive: true });
  await modules(go, folder);
  await succeed(join(folder, 'generate.sh'), [], { env: { ...go.env, PROTOS }, seconds: BUILDS_WITHIN_SECONDS });
  await succeed(go.command, ['build', '-o', 'client', '.'], { cwd: folder, env: go.env, seconds: BUILDS_WITHIN_SECONDS });
  const cases = new Cases();
  const ask = async (
    token: string,
    { secret = world.service.secret, roots = world.caFile, more = [] as readonly string[] } = {},
  ) => {
    const { stdout, stderr } = await run(
      join(folder, 'client'),
      ['-target', world.secure.grpcAddress, '-roots', roots, '-client', CALLER, '-audience', SAMPLE_AUDIENCE].concat(
        ['-permission', 'billing:invoice:create', '-timeout', '20s'],
        more,
      ),
      { input: `${token}\n`, env: { COUNTERSIGN_SECRET: secret } },
    );
    if (stdout === '') throw new Error(stderr.trim());
    return JSON.parse(stdout) as Answer;
  };
  const { alice = '', bob = '', expired = '', away = '' } = subjectTokens(world);
  await cases.hold('exchanges and checks', async () => {
    const { allowed, code, tokenType } = await ask(alice);
    assert.deepEqual([allowed, code, tokenType], [true, 'granted', 'Bearer']);
  });
  await cases.hold('takes a denial as an answer', async () => {
    const { allowed, code, refusal } = await ask(bob);
    assert.deepEqual([allowed, code, refusal], [false, 'no_grant', undefined]);
  });
  await cases.hold('reads the field of an expired token, and where help is', async () => {
    const { refusal } = await ask(expired);
    assert.deepEqual([refusal?.status, refusal?.reason, refusal?.domain], ['InvalidArgument', 'TOKEN_EXPIRED', 'countersign']);
    assert.deepEqual(refusal?.fields, ['subject_token']);
    assert.match(refusal.help?.[0] ?? '', /^https?:/);
  });
  await cases.hold('reads when to come again', async () => {
    const { refusal } = await ask(away);
    assert.deepEqual([refusal?.status, refusal?.reason], ['Unavailable', 'ISSUER_KEYS_UNAVAILABLE']);
    assert.ok((refusal?.retryAfterSeconds ?? 0) > 0);
  });
  await cases.hold('is told that its secret is wrong', async () => {
    const { refusal } = await ask(alice, { secret: 'wrong' });
    assert.deepEqual([refusal?.status, refusal?.reason], ['Unauthenticated', 'CLIENT_UNAUTHENTICATED']);
  });
  await cases.hold('keeps its deadline', async () => {
    const { refusal } = await ask(alice, { more: ['-timeout', '1us'] });
    assert.deepEqual([refusal?.status, refusal?.reason], ['DeadlineExceeded', '']);
  });
  await cases.hold('trusts no other authority', async () => {
    const { refusal } = await ask(alice, { roots: world.otherCaFile });
    assert.deepEqual([refusal?.status, refusal?.reason], ['Unavailable', '']);
  });
  return cases;
}

/** @throws Skipped without a toolchain or modules */
export async function checkGrpcurl(world: InteropWorld): Promise<Cases> {
  const go = toolchain(world);
  const tools = join(import.meta.dirname, 'go-tools');
  await modules(go, tools);
  const grpcurl = join(world.folder, 'grpcurl');
  const build = ['build', '-o', grpcurl, 'github.com/fullstorydev/grpcurl/cmd/grpcurl'];
  await succeed(go.command, build, { cwd: tools, env: go.env, seconds: BUILDS_WITHIN_SECONDS });
  const request = (token: string): string =>
    JSON.stringify({
      subjectToken: token,
      subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
      audience: [SAMPLE_AUDIENCE],
    });
  const { alice = '' } = subjectTokens(world);
  const caller = (secret: string): readonly string[] => ['-H', `authorization: ${basic(CALLER, secret)}`];
  const overTls = ['-cacert', world.caFile, '-protoset', join(PROTOS, 'generated/descriptors.binpb')];
  const exchange = (how: readonly string[], secret: string, token: string, address: string) =>
    run(grpcurl, [...how, ...caller(secret), '-format-error', '-d', '@', address, `${SERVICE}/ExchangeToken`], {
      input: request(token),
    });
  const cases = new Cases();
  await cases.hold('lists the services by reflection', async () => {
    const listed = await succeed(grpcurl, ['-plaintext', world.plain.grpcAddress, 'list']);
    assert.ok(listed.split('\n').includes(SERVICE), listed);
  });
  await cases.hold('describes a message by reflection', async () => {
    const told = await succeed(grpcurl, ['-plaintext', world.plain.grpcAddress, 'describe', 'countersign.auth.v1.CheckDecision']);
    assert.match(told, /bool allowed = 1/);
  });
  await cases.hold('exchanges by reflection', async () => {
    const { status, stdout, stderr } = await exchange(['-plaintext'], world.service.secret, alice, world.plain.grpcAddress);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /"accessToken": "[\w-]+\.[\w-]+\.[\w-]+"/);
  });
  await cases.hold('exchanges by a protoset over TLS', async () => {
    const { status, stderr } = await exchange(overTls, world.service.secret, alice, world.secure.grpcAddress);
    assert.equal(status, 0, stderr);
  });
  await cases.hold('shows the details of a refusal', async () => {
    const { status, stderr } = await exchange(overTls, world.service.secret, 'a.b.c', world.secure.grpcAddress);
    // 64 and the code of the status.
    assert.equal(status, 64 + 3);
    for (const part of [
      'google.rpc.ErrorInfo',
      '"reason": "TOKEN_MALFORMED"',
      '"domain": "countersign"',
      '"field": "subject_token"',
    ])
      assert.ok(stderr.includes(part), `${part} in ${stderr}`);
  });
  await cases.hold('is refused without credentials', async () => {
    const { status, stderr } = await exchange(overTls, 'wrong', alice, world.secure.grpcAddress);
    assert.equal(status, 64 + 16);
    assert.ok(stderr.includes('"reason": "CLIENT_UNAUTHENTICATED"'), stderr);
  });
  return cases;
}

/** Everything of it goes to the folder of this run, unless GOMODCACHE and GOCACHE name places that are kept. */
function toolchain(world: InteropWorld): Go {
  const command = program('go', 'golang-go');
  const home = join(world.folder, 'go');
  mkdirSync(home, { recursive: true });
  const { GOMODCACHE: modCache = join(home, 'mod'), GOCACHE: cache = join(home, 'cache'), PATH: path = '' } = process.env;
  return {
    command,
    env: {
      GOPATH: home,
      GOMODCACHE: modCache,
      GOCACHE: cache,
      // A toolchain that the modules would want is not fetched, and what is fetched can be removed.
      GOTOOLCHAIN: 'local',
      GOFLAGS: '-mod=readonly -modcacherw',
      PATH: `${path}:${join(command, '..')}`,
    },
  };
}

/** @throws Skipped where they cannot be had */
async function modules({ command, env }: Go, cwd: string): Promise<void> {
  const { status, stderr } = await run(command, ['mod', 'download'], { cwd, env, seconds: 120 }).catch(() => NOTHING);
  if (status !== 0) throw new Skipped(`Go cannot have its modules: ${stderr.trim().split('\n')[0] ?? ''}`);
}

const NOTHING = { status: null, stdout: '', stderr: 'go does not run' };
