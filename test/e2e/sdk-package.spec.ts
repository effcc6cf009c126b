import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LiveIssuer } from '#clients/sdk/fixtures/tokens-of-now.js';
import { type Answer, call } from '#clients/sdk/nestjs/fixtures/billing.service.js';
import { freePort } from '#devkit/free-port.js';
import { run, runScript } from '../gates/planted-tree.js';
import { until } from '../support/until.js';

const project = join(import.meta.dirname, '../..');
const SDK = join(project, 'clients/sdk');
const TSC = join(project, 'node_modules/typescript-7/bin/tsc');
/** What the reader of the pages has installed beside the package and its peers. */
const READERS = ['@types/node', '@grpc/proto-loader'];

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

interface Compiled {
  readonly status: number | null;
  readonly output: string;
}

interface Page {
  readonly program: string;
  /** Of code, blank ones not counted. */
  readonly lines: number;
  readonly address: string;
}

const PAGES = ['nestjs', 'grpc', 'http', 'calling'];

let root: string;
let app: string;
let manifest: Manifest;
let compiled: Compiled;
let pagesCompiled: Compiled;
const pages = new Map<string, Page>();
let issuer: LiveIssuer;
let child: ChildProcess | undefined;

beforeAll(async () => {
  issuer = await new LiveIssuer().open();
  root = await mkdtemp(join(tmpdir(), 'countersign-sdk-'));
  app = join(root, 'app');
  manifest = JSON.parse(await readFile(join(SDK, 'package.json'), 'utf8')) as Manifest;
  compiled = await runScript('scripts/build-sdk.mjs', ['--out', join(root, 'package')], project);
  const peers = Object.keys(manifest.peerDependencies);
  await install(app, [...peers, ...READERS]);
  await cp(join(root, 'package'), join(app, 'node_modules/@countersign/sdk'), { recursive: true });
  for (const name of PAGES) pages.set(name, await written(name));
  const compilerOptions = { rootDir: '.', outDir: '.' };
  await writeFile(
    join(app, 'tsconfig.json'),
    JSON.stringify({ extends: join(project, 'tsconfig.json'), compilerOptions, include: PAGES }),
  );
  await writeFile(join(app, 'package.json'), '{ "type": "module" }');
  pagesCompiled = await compile(app, ['-p', '.']);
});

afterEach(async () => {
  if (child?.exitCode === null) {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill();
    await ended;
  }
  child = undefined;
});

afterAll(async () => {
  await issuer.close();
  await rm(root, { recursive: true, force: true });
});

async function install(folder: string, packages: readonly string[]): Promise<void> {
  for (const name of packages) {
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true });
    await symlink(join(project, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  }
}

/** The files of a page of documentation: each block of code after the line that names it. The addresses become those of here. */
async function written(name: string): Promise<Page> {
  const address = `127.0.0.1:${await freePort()}`;
  const [host = '', port = ''] = address.split(':');
  const text = await readFile(join(project, 'docs/sdk', `${name}.md`), 'utf8');
  let program = '';
  let lines = 0;
  await mkdir(join(app, name));
  for (const [, file = '', code = ''] of text.matchAll(/`([\w.]+)`:\n\n```\w+\n([^]*?)```/g)) {
    const here = code
      .replaceAll('https://auth.example.com', issuer.issuer)
      .replaceAll('0.0.0.0:50051', address)
      .replaceAll("'0.0.0.0', port: 3000", `'${host}', port: ${port}`);
    await writeFile(join(app, file.endsWith('.proto') ? '.' : name, file), here);
    if (!file.endsWith('.ts')) continue;
    program = `${name}/${file.replace('.ts', '.js')}`;
    lines = code.split('\n').filter((line) => line.trim() !== '').length;
  }
  return { program, lines, address };
}

function begin(name: string): Page {
  const page = pages.get(name)!;
  child = spawn(process.execPath, [page.program], { cwd: app, env: { ...process.env, NODE_OPTIONS: '' }, stdio: 'ignore' });
  return page;
}

function compile(cwd: string, args: readonly string[]): Promise<Compiled> {
  return run([process.execPath, TSC, ...args], { cwd, env: { NODE_OPTIONS: '' } });
}

async function importing(cwd: string, entries: readonly string[]): Promise<string> {
  const names = entries.map((entry) => JSON.stringify(entry.replace('.', '@countersign/sdk'))).join();
  const script = `for (const name of [${names}]) console.log(name, Object.keys(await import(name)).length > 0)`;
  const { output } = await run([process.execPath, '--input-type=module', '--eval', script], { cwd, env: { NODE_OPTIONS: '' } });
  return output.trim();
}

describe('The package', () => {
  it('compiles alone, with its peers and nothing else', () => {
    expect(compiled).toMatchObject({ status: 0, output: '' });
  });

  it('gives each of its entries to whoever has the peers', async () => {
    const entries = Object.keys(manifest.exports);
    expect(entries).toEqual(expect.arrayContaining(['.', './nestjs', './express', './fastify', './grpc', './client']));
    const expected = entries.map((entry) => `${entry.replace('.', '@countersign/sdk')} true`).join('\n');
    expect(await importing(app, entries)).toBe(expected);
  });

  it('needs Node alone for verifying, for calling, for Express and Fastify', async () => {
    const bare = join(root, 'bare');
    await cp(join(root, 'package'), join(bare, 'node_modules/@countersign/sdk'), { recursive: true });
    expect(await importing(bare, ['.', './express', './fastify', './client'])).not.toMatch(/false|Error/);
    expect(await importing(bare, ['./nestjs'])).toMatch(/ERR_MODULE_NOT_FOUND/);
  });
});

/** The first answer of a service that is being started. */
async function soon<Result>(ask: () => Promise<Result | undefined>): Promise<Result> {
  let answer: Result | undefined;
  await until('the service answers', async () => {
    if (child?.exitCode !== null) throw new Error('the service ended');
    return (answer = await ask()) !== undefined;
  });
  return answer!;
}

describe('The pages', () => {
  it('compile as they are', () => {
    expect(pagesCompiled).toMatchObject({ status: 0, output: '' });
  });

  it('need less than 20 lines to protect a Nest service', () => {
    expect(pages.get('nestjs')!.lines).toBeGreaterThan(10);
    expect(pages.get('nestjs')!.lines).toBeLessThan(20);
  });

  it.each(['nestjs', 'grpc'])('%s.md builds a service that lets in who may, and nobody else', async (name) => {
    const { address } = begin(name);
    const invoice = (headers: Record<string, string> = {}): Promise<Answer> => call(address, 'GetInvoice', headers);
    const stranger = await soon(async () => {
      const answer = await invoice();
      return answer.code === status.UNAVAILABLE ? undefined : answer;
    });
    expect(stranger).toMatchObject({ code: status.UNAUTHENTICATED, messages: [] });
    const poor = { authorization: issuer.bearer({ permissions: ['billing:invoice:list'] }) };
    expect(await invoice(poor)).toMatchObject({ code: status.PERMISSION_DENIED, messages: [] });
    const good = { authorization: issuer.bearer() };
    expect(await invoice(good)).toMatchObject({ code: status.OK, messages: [{ id: '7 for u_ana' }] });
  });

  it('http.md builds a service that lets in who may, and nobody else', async () => {
    const { address } = begin('http');
    const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`http://${address}${path}`, { headers });
    expect((await soon(() => get('/invoices').catch(() => undefined))).status).toBe(401);
    expect((await get('/invoices', { authorization: issuer.bearer({ permissions: [] }) })).status).toBe(403);
    expect(await (await get('/invoices', { authorization: issuer.bearer() })).json()).toEqual({ of: 'u_ana' });
    expect((await get('/health')).status).toBe(200);
  });
});
