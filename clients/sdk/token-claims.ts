import { CountersignError } from './countersign-error.js';
import { isObject, type JsonObject } from './strict-json.js';
import type { ActorChain, Confirmation, VerifiedToken } from './verified-token.js';

const LATEST = 2 ** 33;
const MOST_ACTORS = 4;
const KEY_NAMES: ReadonlySet<string> = new Set(['jkt', 'x5t#S256']);
const NONE: readonly never[] = [];

/**
 * The claims as they are written by the service, each of its type.
 *
 * @throws CountersignError `TOKEN_CLAIM_INVALID`
 */
export function readTokenClaims(claims: JsonObject, keyId: string): VerifiedToken {
  const permissionsByReference = flag(claims['permissions_ref']);
  return {
    keyId,
    ...frameOf(claims),
    scope: claims['scope'] === undefined ? '' : text(claims['scope']),
    permissions: permissionsByReference ? NONE : texts(claims['permissions']),
    permissionsByReference,
    conditionalCount: claims['cnd'] === undefined ? 0 : whole(claims['cnd']),
    authorizationDetails: objects(claims['authorization_details']),
    act: claims['act'] === undefined ? null : actor(claims['act'], MOST_ACTORS),
    impersonated: flag(claims['impersonated']),
    confirmation: claims['cnf'] === undefined ? null : confirmation(claims['cnf']),
    acr: claims['acr'] === undefined ? null : text(claims['acr']),
    amr: texts(claims['amr']),
    authTime: claims['auth_time'] === undefined ? null : time(claims['auth_time']),
  };
}

type Frame =
  | 'tokenId'
  | 'subject'
  | 'clientId'
  | 'tenant'
  | 'audience'
  | 'issuedAt'
  | 'originIssuedAt'
  | 'expiresAt'
  | 'policyVersion'
  | 'epoch';

function frameOf(claims: JsonObject): Pick<VerifiedToken, Frame> {
  return {
    tokenId: text(claims['jti']),
    subject: text(claims['sub']),
    clientId: text(claims['client_id']),
    tenant: text(claims['tenant']),
    audience: text(claims['aud']),
    issuedAt: time(claims['iat']),
    originIssuedAt: time(claims['oat'] ?? claims['iat']),
    expiresAt: time(claims['exp']),
    policyVersion: text(claims['pv']),
    epoch: whole(claims['ep']),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : refuse();
}

function texts(value: unknown): readonly string[] {
  if (value === undefined) return NONE;
  return Array.isArray(value) && value.every((one): one is string => typeof one === 'string') ? value : refuse();
}

function objects(value: unknown): readonly object[] {
  if (value === undefined) return NONE;
  return Array.isArray(value) && value.every(isObject) ? value : refuse();
}

/** Written only where it holds. */
function flag(value: unknown): boolean {
  return value === undefined || value === true ? value === true : refuse();
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : refuse();
}

function time(value: unknown): number {
  const seconds = whole(value);
  return seconds <= LATEST ? seconds : refuse();
}

function actor(value: unknown, left: number): ActorChain {
  if (left === 0 || !isObject(value)) return refuse();
  const sub = text(value['sub']);
  return value['act'] === undefined ? { sub } : { sub, act: actor(value['act'], left - 1) };
}

/** One member that names a key. SECURITY: a kind of confirmation that nobody here can compare never passes. */
function confirmation(value: unknown): Confirmation {
  if (!isObject(value)) return refuse();
  const [[name, key] = ['', undefined], ...others] = Object.entries(value);
  return others.length === 0 && KEY_NAMES.has(name) && typeof key === 'string' ? { [name]: key } : refuse();
}

function refuse(): never {
  throw new CountersignError('TOKEN_CLAIM_INVALID');
}
