import type { OidcIssuer, TrustedIssuer } from '#accessors/issuer/contract.js';
import type {
  Claims,
  Fault,
  IdentityProvider,
  PresenterClaim,
  ProviderCheck,
  ProviderPrincipal,
} from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { createMappedClaimsCheck, textClaim, textsClaim } from './claim-readers.js';

/** Any OpenID Connect or RFC 9068 issuer that is configured by its exact `iss`. */
export function createOidcIdentityProvider(): IdentityProvider {
  return {
    name: 'oidc',
    checks: [oidcIssuerCheck, createMappedClaimsCheck('oidc-claims', ({ issuer }) => mappedClaims(oidc(issuer)))],
    acceptedTypes: (issuer) => oidc(issuer).acceptedTypes,
    isIdToken: (claims) => claims['typ'] === 'ID',
    presenterOf,
    kindOf,
    toPrincipal,
    remedyFor,
    recognises: (_header, claims) => textClaim(claims, 'iss')?.startsWith('https://') === true,
  };
}

function oidc(issuer: TrustedIssuer): OidcIssuer {
  if (issuer.provider !== 'oidc') throw new Error('The oidc plug-in was given an issuer of another provider.');
  return issuer;
}

/** The issuer look-up is exact already; the claim that identities are built from is compared once more where it is used. */
const oidcIssuerCheck: ProviderCheck = {
  name: 'oidc-issuer',
  run({ claims, issuer }) {
    const expected = oidc(issuer).issuer;
    if (claims['iss'] === expected) return undefined;
    return { code: 'ISSUER_UNTRUSTED', actual: `iss is ${quoted(claims['iss'])}`, expected: quoted(expected) };
  },
};

function mappedClaims(issuer: OidcIssuer): readonly string[] {
  return [issuer.claims.roles, issuer.claims.groups];
}

/** RFC 9068 §2.2 says `client_id`, OpenID Connect says `azp`; where both are there they must agree. */
function presenterOf(claims: Claims): PresenterClaim {
  const clientId = textClaim(claims, 'client_id');
  const azp = textClaim(claims, 'azp');
  if (clientId !== undefined && azp !== undefined && clientId !== azp) {
    return { status: 'conflict', actual: `client_id is ${quoted(clientId)}, azp is ${quoted(azp)}` };
  }
  const id = clientId ?? azp;
  return id === undefined ? { status: 'absent' } : { status: 'named', id };
}

/** RFC 9068 §2.2: where no resource owner is involved, `sub` is the client. */
function kindOf(claims: Claims): 'user' | 'workload' {
  const subject = claims['sub'];
  return subject === claims['client_id'] || subject === claims['azp'] ? 'workload' : 'user';
}

function toPrincipal(claims: Claims, trusted: TrustedIssuer): ProviderPrincipal {
  const issuer = oidc(trusted);
  const externalId = textClaim(claims, 'sub');
  if (externalId === undefined) throw new Error('A principal was asked for before sub was checked.');
  return {
    identity: { instance: `oidc:${issuer.issuer}`, externalId },
    roles: textsClaim(claims, issuer.claims.roles),
    groups: textsClaim(claims, issuer.claims.groups),
    groupsOverage: hasDistributedGroups(claims, issuer.claims.groups),
  };
}

/** OpenID Connect Core §5.6.2: the claim is kept elsewhere. */
function hasDistributedGroups(claims: Claims, name: string): boolean {
  const names = claims['_claim_names'];
  return typeof names === 'object' && names !== null && Object.hasOwn(names, name);
}

function remedyFor(fault: Fault, token: { readonly claims: Claims }): string | undefined {
  const iss = textClaim(token.claims, 'iss');
  if (fault.code === 'ISSUER_UNTRUSTED' && iss?.endsWith('/') === true) {
    return 'Compare iss with the issuer in the discovery document of the identity provider, including the slash at its end, and register exactly that.';
  }
  return undefined;
}
