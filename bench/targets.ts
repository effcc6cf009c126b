/** The four servers that are measured, each in a process of its own on the core for servers. */
import { fileURLToPath } from 'node:url';
import { createLocalJWKSet } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { floorPermissions } from './floors/floor.exchange.js';
import type { FloorReady } from './floors/floor.task.js';
import type { ExpectedAnswer, Protocol } from './load/load.contract.js';
import type { CleanUp } from './processes/clean-up.js';
import { MeasuredProcess } from './processes/measured.process.js';
import { serviceIssuer } from './service.settings.js';
import type { ServiceReady } from './service.settings.js';
import type { BenchWorld } from './world/bench.world.js';

export interface Target {
  readonly name: 'service' | 'floor';
  readonly protocol: Protocol;
  readonly port: number;
  readonly expected: ExpectedAnswer;
  readonly process: MeasuredProcess<object>;
}

export function compiled(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

export async function importPopulation(world: BenchWorld, core: number | null, cleanUp: CleanUp): Promise<void> {
  const task = { ...world.service, importFile: world.importFile };
  const importing = await MeasuredProcess.start({ name: 'import', file: compiled('./service.main.js'), task, core }, cleanUp);
  await importing.stop();
}

/** One process behind two ports. */
export async function startService(world: BenchWorld, core: number | null, cleanUp: CleanUp): Promise<readonly [Target, Target]> {
  const plan = { name: 'service', file: compiled('./service.main.js'), task: world.service, core };
  const process = await MeasuredProcess.start<ServiceReady>(plan, cleanUp);
  const { restPort, grpcPort } = process.ready;
  const expected = { issuer: serviceIssuer, jwks: await publishedKeys(restPort), permissions: null };
  return [
    { name: 'service', protocol: 'rest', port: restPort, expected, process },
    { name: 'service', protocol: 'grpc', port: grpcPort, expected, process },
  ];
}

export async function startFloor(protocol: Protocol, world: BenchWorld, core: number | null, cleanUp: CleanUp): Promise<Target> {
  const plan = { name: `${protocol} floor`, file: compiled(`./floors/${protocol}.floor.js`), task: world.floor, core };
  const process = await MeasuredProcess.start<FloorReady>(plan, cleanUp);
  const { port, publishedJwk } = process.ready;
  const expected = {
    issuer: world.floor.issuer,
    jwks: asKeySet({ keys: [publishedJwk] }),
    permissions: floorPermissions.toSorted(),
  };
  return { name: 'floor', protocol, port, expected, process };
}

async function publishedKeys(port: number): Promise<JSONWebKeySet> {
  const response = await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`);
  return asKeySet(await response.json());
}

/** `jose` refuses what is no key set. */
function asKeySet(document: unknown): JSONWebKeySet {
  return createLocalJWKSet(document as JSONWebKeySet).jwks();
}
