import type { EntraIssuer, TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims, ProviderCheck } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { createMappedClaimsCheck, invalidClaim } from './claim-readers.js';

const GUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const TEXT_CLAIMS = ['appid', 'azp', 'scp', 'idtyp'] as const;

export function entra(issuer: TrustedIssuer): EntraIssuer {
  if (issuer.provider !== 'entra-id') throw new Error('The entra-id plug-in was given an issuer of another provider.');
  return issuer;
}

export function isGuid(value: unknown): value is string {
  return typeof value === 'string' && GUID.test(value);
}

/** `tid` is a directory of the list, and `iss` is the issuer of exactly that directory in this cloud. */
const directoryCheck: ProviderCheck = {
  name: 'entra-directory',
  run({ claims, issuer }) {
    const tenantId = claims['tid'];
    if (!isGuid(tenantId)) return invalidClaim(claims, 'tid', 'a GUID');
    // Another spelling of the name would let two readers see two tenants.
    const twin = Object.keys(claims).find((name) => name.length === 3 && name !== 'tid' && name.toLowerCase() === 'tid');
    if (twin !== undefined) return invalidClaim(claims, twin, 'absent: the name of the claim is tid');
    const { cloud, directoryIds } = entra(issuer);
    const ours = issuerOf(cloud, tenantId, 'v1') === claims['iss'] || issuerOf(cloud, tenantId, 'v2') === claims['iss'];
    if (ours && directoryIds.includes(tenantId.toLowerCase())) return undefined;
    return {
      code: 'TOKEN_TENANT_MISMATCH',
      actual: `tid is ${quoted(tenantId)}, iss is ${quoted(claims['iss'])}`,
      expected: `a listed directory, the same in tid and iss: ${quoted(directoryIds)}`,
    };
  },
};

/** `ver` is the version of the issuer that `iss` names. */
const versionCheck: ProviderCheck = {
  name: 'entra-version',
  run({ claims, issuer }) {
    const tenantId = claims['tid'];
    const version = claims['ver'];
    const { cloud } = entra(issuer);
    const expected = typeof tenantId === 'string' && issuerOf(cloud, tenantId, 'v1') === claims['iss'] ? '1.0' : '2.0';
    return version === expected ? undefined : invalidClaim(claims, 'ver', `"${expected}" for this iss`);
  },
};

/** The claims that identity, presenter and kind are read from are of their types. */
const identityCheck: ProviderCheck = {
  name: 'entra-identity',
  run({ claims }) {
    if (!isGuid(claims['oid'])) {
      return {
        ...invalidClaim(claims, 'oid', 'a GUID'),
        remedy: 'Have the application registered in the directory (enterprise application), and acquire a new access token.',
      };
    }
    const wrong = TEXT_CLAIMS.find((name) => claims[name] !== undefined && typeof claims[name] !== 'string');
    return wrong === undefined ? undefined : invalidClaim(claims, wrong, 'a string');
  },
};

function issuerOf(cloud: EntraIssuer['cloud'], tenantId: string, version: 'v1' | 'v2'): string {
  return version === 'v1' ? `${cloud.v1IssuerBase}/${tenantId}/` : `${cloud.loginBase}/${tenantId}/v2.0`;
}

/** Whether the groups were left out because there are too many. SECURITY: any sign of it counts, so that it is never taken for "no groups". */
export function hasGroupsOverage(claims: Claims): boolean {
  if (claims['hasgroups'] !== undefined && claims['hasgroups'] !== false) return true;
  const names = claims['_claim_names'];
  return typeof names === 'object' && names !== null && Object.hasOwn(names, 'groups');
}

export const ENTRA_CHECKS: readonly ProviderCheck[] = [
  directoryCheck,
  versionCheck,
  identityCheck,
  createMappedClaimsCheck('entra-claims', () => ['roles', 'groups']),
];
