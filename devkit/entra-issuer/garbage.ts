import { generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { EntraCloud } from '#accessors/issuer/contract.js';
import { type IssuerAnswer, jsonAnswer } from './issuer-answer.js';
import type { GarbageMode } from './issuer-knobs.js';
import { publishedJwk } from './metadata-documents.js';
import type { SigningKeys } from './signing-keys.js';

export interface GarbageContext {
  readonly mode: GarbageMode | null;
  readonly cloud: EntraCloud;
  readonly keys: SigningKeys;
}

type Spoil = (good: IssuerAnswer, context: GarbageContext) => IssuerAnswer;

const HUGE_PADDING = 128 * 1024 * 1024;
const DEPTH = 40_000;
const BOMB_BYTES = 32 * 1024 * 1024;
const MANY = 20_000;

const html: Spoil = () => ({ status: 200, contentType: 'text/html', body: '<!doctype html><title>Maintenance</title>' });
const redirect: Spoil = (good, { cloud }) => ({ ...good, status: 302, location: `${cloud.loginBase}/elsewhere` });
const truncated: Spoil = (good) => ({ ...good, body: good.body.slice(0, good.body.length / 2) });
const wrongContentType: Spoil = (good) => ({ ...good, contentType: 'text/plain' });
const keySet = (keys: readonly object[]): IssuerAnswer => jsonAnswer({ keys });

const gzipped = (bytes: Buffer): Omit<IssuerAnswer, 'body'> => ({
  status: 200,
  contentType: 'application/json',
  bytes: gzipSync(bytes),
  contentEncoding: 'gzip',
});

const SPOILED_DISCOVERY: Partial<Record<GarbageMode, Spoil>> = {
  html,
  redirect,
  'wrong-issuer': (good) => jsonAnswer({ ...members(good), issuer: 'https://login.attacker.example/v2.0' }),
  'foreign-jwks-host': (good, { cloud }) =>
    jsonAnswer({ ...members(good), jwks_uri: onAnotherHost(members(good)['jwks_uri'], cloud) }),
};

const SPOILED_KEYS: Partial<Record<GarbageMode, Spoil>> = {
  html,
  redirect,
  truncated,
  'wrong-content-type': wrongContentType,
  'empty-object': () => jsonAnswer({}),
  'empty-keys': () => keySet([]),
  'huge-body': (good) => ({ ...good, padding: HUGE_PADDING }),
  'deep-json': () => ({ ...jsonAnswer({}), body: `{"keys":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}` }),
  'duplicate-kid': (_good, { cloud, keys }) => keySet([...published(cloud, keys), ...published(cloud, keys)]),
  'private-keys': (_good, { cloud, keys }) => keySet(keys.privateJwks().map((jwk) => publishedJwk(jwk, cloud, 2))),
  'symmetric-keys': (_good, { keys }) =>
    keySet(keys.publishedKids.map((kid) => ({ kty: 'oct', use: 'sig', kid, alg: 'HS256', k: 'c3RhbmQtaW4' }))),
  'empty-body': (good) => ({ ...good, body: '' }),
  'short-body': (good) => ({ ...good, promisedLength: good.body.length + 1 }),
  'invalid-utf8': (good) => ({
    ...good,
    bytes: Buffer.concat([Buffer.from(good.body.slice(0, -1)), Buffer.of(0xff, 0xfe, 0x7d)]),
  }),
  'gzip-bomb': (good) => ({ ...good, ...gzipped(Buffer.alloc(BOMB_BYTES, 0x20)) }),
  'slow-gzip': (good) => ({ ...good, ...gzipped(Buffer.from(good.body)), drip: true }),
  'keys-not-a-list': (_good, { cloud, keys }) => jsonAnswer({ keys: Object.fromEntries(published(cloud, keys).entries()) }),
  'many-keys': () => keySet(Array.from({ length: MANY }, (_none, index) => ({ kid: String(index) }))),
  'weak-keys': (_good, { keys }) => keySet(keys.publishedKids.map((kid) => ({ ...weakKey(), kid, use: 'sig' }))),
  'encryption-keys': (_good, { cloud, keys }) => keySet(published(cloud, keys).map((jwk) => ({ ...jwk, use: 'enc' }))),
};

/** The discovery document as the garbage mode leaves it. */
export function spoilDiscovery(good: IssuerAnswer, context: GarbageContext): IssuerAnswer {
  return spoil(SPOILED_DISCOVERY, good, context);
}

/** The key set as the garbage mode leaves it. */
export function spoilKeys(good: IssuerAnswer, context: GarbageContext): IssuerAnswer {
  return spoil(SPOILED_KEYS, good, context);
}

function spoil(spoils: Partial<Record<GarbageMode, Spoil>>, good: IssuerAnswer, context: GarbageContext): IssuerAnswer {
  const spoiled = context.mode === null ? undefined : spoils[context.mode];
  return spoiled === undefined ? good : spoiled(good, context);
}

function published(cloud: EntraCloud, keys: SigningKeys): object[] {
  return keys.publicJwks().map((jwk) => publishedJwk(jwk, cloud, 2));
}

function weakKey(): object {
  return generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
}

function members(answer: IssuerAnswer): Readonly<Record<string, unknown>> {
  const document: unknown = JSON.parse(answer.body);
  return typeof document === 'object' && document !== null ? Object.fromEntries(Object.entries(document)) : {};
}

/** The same machine under its other name: another host to whoever compares hosts, as they must. */
function onAnotherHost(jwksUri: unknown, cloud: EntraCloud): string {
  const url = new URL(typeof jwksUri === 'string' ? jwksUri : cloud.loginBase);
  url.hostname = url.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  return url.href;
}
