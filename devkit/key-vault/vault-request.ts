import type { KeyWishes } from './vault-key.js';
import type { VaultOperation } from './vault-knobs.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface VaultRequest {
  readonly operation: VaultOperation;
  readonly name: string;
  /** `''`: the latest. */
  readonly version: string;
}

const NAME = '([0-9A-Za-z-]{1,127})';
const VERSION = '([0-9A-Fa-f]{32})';

const ROUTES: readonly { readonly method: string; readonly path: RegExp; readonly operation: VaultOperation }[] = [
  { method: 'POST', path: new RegExp(`^/keys/${NAME}/create$`), operation: 'create' },
  { method: 'POST', path: new RegExp(`^/keys/${NAME}/rotate$`), operation: 'rotate' },
  { method: 'GET', path: new RegExp(`^/keys/${NAME}/versions$`), operation: 'list' },
  { method: 'PUT', path: new RegExp(`^/keys/${NAME}$`), operation: 'import' },
  { method: 'GET', path: new RegExp(`^/keys/${NAME}(?:/${VERSION}?)?$`), operation: 'get' },
  { method: 'PATCH', path: new RegExp(`^/keys/${NAME}(?:/${VERSION}?)?$`), operation: 'update' },
  { method: 'DELETE', path: new RegExp(`^/keys/${NAME}$`), operation: 'delete' },
  { method: 'POST', path: new RegExp(`^/keys/${NAME}/(?:${VERSION}?/)?sign$`), operation: 'sign' },
  { method: 'POST', path: new RegExp(`^/keys/${NAME}/(?:${VERSION}?/)?verify$`), operation: 'verify' },
  { method: 'POST', path: new RegExp(`^/keys/${NAME}/(?:${VERSION}?/)?wrapkey$`, 'i'), operation: 'wrapKey' },
  { method: 'POST', path: new RegExp(`^/keys/${NAME}/(?:${VERSION}?/)?unwrapkey$`, 'i'), operation: 'unwrapKey' },
  { method: 'GET', path: new RegExp(`^/deletedkeys/${NAME}$`), operation: 'getDeleted' },
  { method: 'POST', path: new RegExp(`^/deletedkeys/${NAME}/recover$`), operation: 'recover' },
  { method: 'DELETE', path: new RegExp(`^/deletedkeys/${NAME}$`), operation: 'purge' },
];

export function requestOf(method: string, path: string): VaultRequest | null {
  for (const route of ROUTES) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match !== null) return { operation: route.operation, name: match[1] ?? '', version: match[2] ?? '' };
  }
  return null;
}

/** The body as an object; `null` where it is none, or was too large. No body at all is an empty object. */
export function parseBody(text: string | null): JsonObject | null {
  if (text === null) return null;
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}

export function objectOf(body: JsonObject, member: string): JsonObject {
  const value = body[member];
  return isObject(value) ? Object.fromEntries(Object.entries(value)) : {};
}

export function numberOf(body: JsonObject, member: string): number | null {
  const value = body[member];
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

export function memberOf<Choice extends string>(body: JsonObject, member: string, choices: readonly Choice[]): Choice | null {
  return choices.find((choice) => choice === body[member]) ?? null;
}

export function bytesOf(body: JsonObject, member: string): Buffer | null {
  const value = body[member];
  return typeof value === 'string' && /^[\w-]+$/.test(value) ? Buffer.from(value, 'base64url') : null;
}

export function wishesOf(body: JsonObject): KeyWishes {
  const attributes = objectOf(body, 'attributes');
  const operations = body['key_ops'];
  const tags = body['tags'];
  const notBefore = numberOf(attributes, 'nbf');
  const expires = numberOf(attributes, 'exp');
  return {
    ...(Array.isArray(operations) ? { operations: operations.map(String) } : {}),
    ...(typeof attributes['enabled'] === 'boolean' ? { enabled: attributes['enabled'] } : {}),
    ...(notBefore === null ? {} : { notBefore }),
    ...(expires === null ? {} : { expires }),
    ...(isObject(tags) ? { tags: Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, String(value)])) } : {}),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
