import type { EntraCloud } from '#accessors/issuer/contract.js';
import type { Claims } from '../identity-provider.contract.js';
import { issuerOf, PERSONAL_ACCOUNTS } from './entra-id.claims.js';

/**
 * What a token of Entra is about. `app-unproven`: everything looks like an application, but no `idtyp` says so; `undetermined`:
 * the claims do not say, or say two things.
 */
export type EntraKind = 'delegated' | 'app-only' | 'app-unproven' | 'device' | 'undetermined';

const AGENT_CLAIMS = ['xms_act_fct', 'xms_sub_fct', 'xms_par_app_azp'] as const;
const ID_TOKEN_CLAIMS = ['nonce', 'c_hash', 'at_hash', 'preferred_username'] as const;
const ACCESS_TOKEN_CLAIMS = ['azpacr', 'appidacr', 'scp'] as const;

/** Access token claims reference and optional claims reference: `idtyp` decides where it is there, and is never overruled. */
export function kindOfEntra(claims: Claims): EntraKind {
  const type = claims['idtyp'];
  const delegates = claims['scp'] !== undefined;
  if (type === 'app') return delegates ? 'undetermined' : 'app-only';
  if (type === 'device') return 'device';
  if (type === 'user') return 'delegated';
  if (type !== undefined) return 'undetermined';
  if (delegates) return 'delegated';
  // A user's token always delegates something, and its `sub` is made for one application: never the object id.
  return claims['oid'] === undefined || claims['oid'] === claims['sub'] ? 'app-unproven' : 'undetermined';
}

export function isAppOnly(kind: EntraKind): boolean {
  return kind === 'app-only' || kind === 'app-unproven';
}

/** An agent identity acts, or the token is about one. */
export function isAgent(claims: Claims): boolean {
  return AGENT_CLAIMS.some((name) => Object.hasOwn(claims, name));
}

export function isPersonalAccount(claims: Claims): boolean {
  const tenantId = claims['tid'];
  return typeof tenantId === 'string' && tenantId.toLowerCase() === PERSONAL_ACCOUNTS;
}

/** SECURITY: an `acct` that is neither absent nor 0 counts as a guest, and so does any home that is not spelt like this directory. */
export function isGuest(claims: Claims, cloud: EntraCloud): boolean {
  if (claims['acct'] !== undefined && claims['acct'] !== 0) return true;
  const home = claims['idp'];
  if (home === undefined || home === claims['iss']) return false;
  const tenantId = claims['tid'];
  if (typeof tenantId !== 'string') return true;
  // A member's `idp`, where it is there at all, may be the issuer in the other version of the token.
  return home !== issuerOf(cloud, tenantId, 'v1') && home !== issuerOf(cloud, tenantId, 'v2');
}

/** ID token claims reference: access tokens say how the client authenticated or what was delegated; ID tokens never do. */
export function isEntraIdToken(claims: Claims): boolean {
  return (
    !ACCESS_TOKEN_CLAIMS.some((name) => Object.hasOwn(claims, name)) &&
    ID_TOKEN_CLAIMS.some((name) => Object.hasOwn(claims, name))
  );
}
