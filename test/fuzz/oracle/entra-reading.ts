import { isText, isTextArray, type TokenCase } from './case.js';
import type { JsonObject, JsonValue } from './json-reader.js';
import type { EntraWorldIssuer } from './world.js';

export type EntraCase = TokenCase<EntraWorldIssuer>;

export const PERSONAL_DIRECTORY = '9188040d-6c67-4c5b-b112-36a304b66dad';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const isGuid = (value: JsonValue | undefined): value is string => isText(value) && value.length === 36 && GUID.test(value);

/** The two forms of `iss` of a directory in this cloud (access token claims reference, `iss`). */
function issuersOf({ issuer }: EntraCase, directory: string): { readonly v1: string; readonly v2: string } {
  return { v1: `${issuer.cloud.v1IssuerBase}/${directory}/`, v2: `${issuer.cloud.loginBase}/${directory}/v2.0` };
}

/** Whether `tid` may be the directory that `iss` names, in this hosting. */
export function isHome(token: EntraCase): boolean {
  const tid = token.claims.get('tid');
  const { hosting, directoryIds, anyDirectory } = token.issuer;
  if (hosting.flavour === 'b2c') return tid === undefined || (isText(tid) && directoryIds.includes(tid));
  if (!isGuid(tid)) return true;
  const listed = anyDirectory ? tid === tid.toLowerCase() : directoryIds.includes(tid.toLowerCase());
  if (hosting.flavour === 'external-id') return listed && token.iss === hosting.issuer;
  const { v1, v2 } = issuersOf(token, tid);
  return listed && (token.iss === v1 || token.iss === v2);
}

/** `ver` as it goes with `iss`. B2C says 1.0 at its v2 endpoint. */
export function versionOf({ issuer, iss }: EntraCase): '1.0' | '2.0' {
  if (issuer.hosting.flavour === 'b2c') return '1.0';
  if (issuer.hosting.flavour === 'external-id') return '2.0';
  return iss.startsWith(`${issuer.cloud.v1IssuerBase}/`) && iss.endsWith('/') ? '1.0' : '2.0';
}

export type Kind = 'delegated' | 'app' | 'device' | 'unclear';

/** Optional claims reference, `idtyp`; without it, `scp` is for delegated tokens alone, and a token of software is about itself. */
export function kindOf(claims: JsonObject): Kind {
  const idtyp = claims.get('idtyp');
  if (idtyp === 'device') return 'device';
  if (idtyp === 'user') return 'delegated';
  if (idtyp === 'app') return claims.has('scp') ? 'unclear' : 'app';
  if (idtyp !== undefined) return 'unclear';
  if (claims.has('scp')) return 'delegated';
  return !claims.has('oid') || claims.get('oid') === claims.get('sub') ? 'app' : 'unclear';
}

export const isAgent = (claims: JsonObject): boolean =>
  ['xms_act_fct', 'xms_sub_fct', 'xms_par_app_azp'].some((name) => claims.has(name));

/** Access tokens say how the client authenticated or what was delegated, ID tokens never do (ID token claims reference). */
export const isIdToken = (claims: JsonObject): boolean =>
  !['azpacr', 'appidacr', 'scp'].some((name) => claims.has(name)) &&
  ['nonce', 'c_hash', 'at_hash', 'preferred_username'].some((name) => claims.has(name));

/** Optional claims reference, `acct`; access token claims reference, `idp`. */
export function isGuest(token: EntraCase): boolean {
  const { claims, iss } = token;
  if (claims.has('acct') && claims.get('acct') !== 0) return true;
  const home = claims.get('idp');
  if (home === undefined || home === iss) return false;
  const tid = claims.get('tid');
  if (!isText(tid)) return true;
  const { v1, v2 } = issuersOf(token, tid);
  return home !== v1 && home !== v2;
}

export function clientOf({ claims, issuer }: EntraCase): JsonValue | undefined {
  const v1 = claims.get('ver') === '1.0' && issuer.hosting.flavour !== 'b2c';
  return claims.get(v1 ? 'appid' : 'azp');
}

export function wordsOf(value: JsonValue | undefined): readonly string[] {
  return isText(value) ? value.split(' ') : [];
}

export function textsOf(value: JsonValue | undefined): readonly string[] {
  return isTextArray(value) ? value : [];
}
