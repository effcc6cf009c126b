import type { EntraIssuer, TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims } from '../identity-provider.contract.js';

const GUID_LENGTH = 36;
const HYPHEN = 0x2d;
const MAX_SCOPE_LENGTH = 8 * 1024;

/** The directory of all personal Microsoft accounts. */
export const PERSONAL_ACCOUNTS = '9188040d-6c67-4c5b-b112-36a304b66dad';

export function entra(issuer: TrustedIssuer): EntraIssuer {
  if (issuer.provider !== 'entra-id') throw new Error('The entra-id plug-in was given an issuer of another provider.');
  return issuer;
}

export function isGuid(value: unknown): value is string {
  if (typeof value !== 'string' || value.length !== GUID_LENGTH) return false;
  for (let index = 0; index < GUID_LENGTH; index += 1) {
    const isHyphen = index === 8 || index === 13 || index === 18 || index === 23;
    const code = value.charCodeAt(index);
    if (isHyphen ? code !== HYPHEN : !isHexDigit(code)) return false;
  }
  return true;
}

/** 0 to 9, and A to F in either case. */
function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

export function issuerOf(cloud: EntraIssuer['cloud'], tenantId: string, version: 'v1' | 'v2'): string {
  return version === 'v1' ? `${cloud.v1IssuerBase}/${tenantId}/` : `${cloud.loginBase}/${tenantId}/v2.0`;
}

/** v1 tokens name the client in `appid`, v2 tokens in `azp`, and so does Azure AD B2C, whatever version it names. */
export function presenterClaim(claims: Claims, issuer: EntraIssuer): 'appid' | 'azp' {
  return claims['ver'] === '1.0' && issuer.hosting.flavour !== 'b2c' ? 'appid' : 'azp';
}

/** The words of `scp`: short names, with single blanks between them. */
export function scopesOf(claims: Claims): readonly string[] {
  const scopes = claims['scp'];
  return typeof scopes === 'string' && scopes.length <= MAX_SCOPE_LENGTH ? scopes.split(' ').filter((scope) => scope !== '') : [];
}

/** Whether the groups were left out because there are too many. SECURITY: any sign of it counts, so that it is never taken for "no groups". */
export function hasGroupsOverage(claims: Claims): boolean {
  if (claims['hasgroups'] !== undefined && claims['hasgroups'] !== false) return true;
  const names = claims['_claim_names'];
  return typeof names === 'object' && names !== null && Object.hasOwn(names, 'groups');
}
