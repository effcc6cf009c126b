import type { EntraHosting, EntraIssuer } from '#accessors/issuer/contract.js';
import type { Claims, Fault, ProviderCheck } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { createMappedClaimsCheck, invalidClaim } from './claim-readers.js';
import { entra, isGuid, issuerOf } from './entra-id.claims.js';

const TEXT_CLAIMS = ['appid', 'azp', 'scp', 'idtyp'] as const;
/** Another spelling of the name would let two readers see two tenants (IDX40011). */
const TWINS_OF_TID = ['TID', 'Tid', 'tID', 'tiD', 'TId', 'TiD', 'tId'] as const;
const CLIENT_AUTHENTICATION_CLAIMS = ['azpacr', 'appidacr'] as const;
/** Tokens that can be revoked while they live (continuous access evaluation) last up to 28 hours; no others last longer. */
const LONGEST_LIFE_SECONDS = 28 * 60 * 60;

/** `tid` is a directory that is accepted, and `iss` is the issuer of exactly that directory in this cloud. */
const directoryCheck: ProviderCheck = {
  name: 'entra-directory',
  run({ claims, issuer }) {
    const twin = TWINS_OF_TID.find((name) => Object.hasOwn(claims, name));
    if (twin !== undefined) return invalidClaim(claims, twin, 'absent: the name of the claim is tid');
    const { hosting } = entra(issuer);
    return hosting.flavour === 'b2c' ? b2cFault(claims, entra(issuer), hosting) : directoryFault(claims, entra(issuer));
  },
};

function directoryFault(claims: Claims, issuer: EntraIssuer): Fault | undefined {
  const tenantId = claims['tid'];
  if (!isGuid(tenantId)) return invalidClaim(claims, 'tid', 'a GUID');
  // SECURITY: a policy of Azure AD B2C is never the workforce directory of the same id (IDX40002).
  if (claims['tfp'] !== undefined) return invalidClaim(claims, 'tfp', 'absent outside Azure AD B2C');
  const { directoryIds, anyDirectory } = issuer;
  // SECURITY: by equality alone. Where any directory is accepted, this is what ties tid to iss.
  const accepted = anyDirectory ? tenantId === tenantId.toLowerCase() : directoryIds.includes(tenantId.toLowerCase());
  if (accepted && ownsIss(issuer, tenantId, claims['iss'])) return undefined;
  return {
    code: 'TOKEN_TENANT_MISMATCH',
    actual: `tid is ${quoted(tenantId)}, iss is ${quoted(claims['iss'])}`,
    expected: `${anyDirectory ? 'any directory' : 'a listed directory'}, the same in tid and iss${anyDirectory ? '' : `: ${quoted(directoryIds)}`}`,
  };
}

function ownsIss({ cloud, hosting }: EntraIssuer, tenantId: string, iss: unknown): boolean {
  if (hosting.flavour !== 'workforce') return iss === hosting.issuer;
  return iss === issuerOf(cloud, tenantId, 'v2') || iss === issuerOf(cloud, tenantId, 'v1');
}

type B2cHosting = Extract<EntraHosting, { flavour: 'b2c' }>;

/** Azure AD B2C leaves `tid` out and names the policy instead: in `tfp`, or in `acr` where the policy is an old one. */
function b2cFault(claims: Claims, { directoryIds }: EntraIssuer, hosting: B2cHosting): Fault | undefined {
  const tenantId = claims['tid'];
  const policy = claims['tfp'] ?? claims['acr'];
  const rightDirectory = tenantId === undefined || (typeof tenantId === 'string' && directoryIds.includes(tenantId));
  if (policy === hosting.policy && rightDirectory && claims['iss'] === hosting.issuer) return undefined;
  return {
    code: 'TOKEN_TENANT_MISMATCH',
    actual: `policy is ${quoted(policy)}, tid is ${quoted(tenantId)}, iss is ${quoted(claims['iss'])}`,
    expected: `policy ${quoted(hosting.policy)} of ${quoted(hosting.issuer)}`,
  };
}

/** `ver` is the version of the issuer that `iss` names. Azure AD B2C says 1.0 from its v2 endpoint. */
const versionCheck: ProviderCheck = {
  name: 'entra-version',
  run({ claims, issuer }) {
    const expected = versionOf(claims, entra(issuer));
    return claims['ver'] === expected ? undefined : invalidClaim(claims, 'ver', `"${expected}" for this iss`);
  },
};

function versionOf(claims: Claims, { cloud, hosting }: EntraIssuer): '1.0' | '2.0' {
  if (hosting.flavour !== 'workforce') return hosting.flavour === 'b2c' ? '1.0' : '2.0';
  const tenantId = claims['tid'];
  return typeof tenantId === 'string' && issuerOf(cloud, tenantId, 'v1') === claims['iss'] ? '1.0' : '2.0';
}

/** The claims that identity, presenter and kind are read from are of their types. */
const identityCheck: ProviderCheck = {
  name: 'entra-identity',
  run({ claims, issuer }) {
    const identity = entra(issuer).hosting.flavour === 'b2c' ? b2cIdentityFault(claims) : identityFault(claims);
    if (identity !== undefined) return identity;
    const wrong =
      TEXT_CLAIMS.find((name) => claims[name] !== undefined && typeof claims[name] !== 'string') ??
      CLIENT_AUTHENTICATION_CLAIMS.find((name) => claims[name] !== undefined && typeof claims[name] !== 'string');
    return wrong === undefined ? undefined : invalidClaim(claims, wrong, 'a string');
  },
};

function identityFault(claims: Claims): Fault | undefined {
  if (isGuid(claims['oid'])) return undefined;
  // A user's token always has it; software without an object in the directory is the one that has not.
  if (claims['oid'] === undefined && claims['scp'] === undefined && claims['idtyp'] !== 'user') {
    return {
      code: 'TOKEN_WITHOUT_SERVICE_PRINCIPAL',
      actual: 'an app-only token without oid',
      expected: 'oid, the object id of the service principal in this directory',
    };
  }
  return {
    ...invalidClaim(claims, 'oid', 'a GUID'),
    remedy: 'Have the application registered in the directory (enterprise application), and acquire a new access token.',
  };
}

/**
 * SECURITY: a policy can be set so that every `sub` is one and the same sentence, and then all users would be one. Only object
 * ids are taken, and where both claims hold one they must agree.
 */
function b2cIdentityFault(claims: Claims): Fault | undefined {
  const { oid, sub } = { oid: claims['oid'], sub: claims['sub'] };
  if (oid !== undefined && !isGuid(oid)) return invalidClaim(claims, 'oid', 'a GUID');
  if (oid !== undefined && isGuid(sub) && sub.toLowerCase() !== oid.toLowerCase()) return invalidClaim(claims, 'sub', 'oid');
  if (oid !== undefined || isGuid(sub)) return undefined;
  return {
    ...invalidClaim(claims, 'sub', 'a GUID'),
    remedy: "Set the policy's token compatibility so that sub is the object id, or add the object id to the application claims.",
  };
}

/** A v2 token carries the client id of the API in `aud`, never a name that somebody can take over; a v1 token either. */
const audienceCheck: ProviderCheck = {
  name: 'entra-audience',
  run({ claims, issuer }) {
    const audience = claims['aud'];
    if (typeof audience !== 'string') return invalidClaim(claims, 'aud', 'a string: Entra never lists several');
    const { hosting } = entra(issuer);
    const byClientId = hosting.flavour !== 'workforce' || claims['ver'] !== '1.0';
    // Whether it is one of ours is for the audience check to say, with better words.
    if (!byClientId || isGuid(audience) || !issuer.audiences.includes(audience)) return undefined;
    return {
      code: 'TOKEN_AUDIENCE_MISMATCH',
      actual: `aud of a v2 token is ${quoted(audience)}`,
      expected: 'the client id of the API, a GUID: only v1 tokens carry an App ID URI',
    };
  },
};

/** No token of Entra lives longer than it says its longest do. */
const lifetimeCheck: ProviderCheck = {
  name: 'entra-lifetime',
  run({ claims }) {
    const { exp, iat } = { exp: claims['exp'], iat: claims['iat'] };
    if (typeof exp === 'number' && typeof iat === 'number' && exp - iat <= LONGEST_LIFE_SECONDS) return undefined;
    return {
      code: 'TOKEN_CLAIM_INVALID',
      actual: `iat is ${quoted(iat)}, exp is ${quoted(exp)}`,
      expected: 'a life of at most 28 hours, which no token of Microsoft Entra ID exceeds',
    };
  },
};

/** SECURITY: two clouds share their v1 issuers; what a key says of its cloud is the one thing that tells them apart (IDX40012). */
const keyCloudCheck: ProviderCheck = {
  name: 'entra-key-cloud',
  run({ issuer, key }) {
    const actual = key?.cloudInstanceName ?? null;
    if (actual === null) return undefined;
    const expected = cloudInstanceName(entra(issuer).cloud.loginBase);
    if (actual === expected) return undefined;
    return {
      code: 'TOKEN_KEY_ISSUER_MISMATCH',
      actual: `the key belongs to the cloud ${quoted(actual)}`,
      expected: `a key of the cloud ${quoted(expected)}`,
    };
  },
};

/** Every cloud is named after its login host, without the word for it: `login.microsoftonline.us`, `microsoftonline.us`. */
function cloudInstanceName(loginBase: string): string {
  return loginBase.replace(/^https?:\/\/(?:login\.)?/u, '');
}

export const ENTRA_CHECKS: readonly ProviderCheck[] = [
  keyCloudCheck,
  directoryCheck,
  versionCheck,
  identityCheck,
  audienceCheck,
  lifetimeCheck,
  createMappedClaimsCheck('entra-claims', () => ['roles', 'groups']),
];
