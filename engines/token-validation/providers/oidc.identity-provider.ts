import type { OidcIssuer, TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims, Fault, IdentityProvider, PresenterClaim, ProviderPrincipal } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { azureAudienceFault } from './azure-audiences.js';
import { selected, selectedText, selectorText, textClaim, textsClaim } from './claim-readers.js';
import { OIDC_ACCEPTANCE, OIDC_CHECKS, oidc, presentersOf } from './oidc.checks.js';

/** Any OpenID Connect or RFC 9068 issuer that is configured by its exact `iss`. */
export function createOidcIdentityProvider(): IdentityProvider {
  return {
    name: 'oidc',
    checks: OIDC_CHECKS,
    acceptance: OIDC_ACCEPTANCE,
    acceptedTypes: (issuer) => acceptedTypesOf(oidc(issuer)),
    purposeFault: (_header, claims) => azureAudienceFault(claims),
    isIdToken: (claims) => claims['typ'] === 'ID',
    presenterOf: (claims, issuer) => presenterOf(claims, oidc(issuer)),
    kindOf: (claims, issuer) => kindOf(claims, oidc(issuer)),
    toPrincipal,
    remedyFor,
    recognises: (_header, claims) => textClaim(claims, 'iss')?.startsWith('https://') === true,
  };
}

function acceptedTypesOf({ acceptedTypes, allowMissingType }: OidcIssuer): readonly (string | null)[] {
  return allowMissingType ? [...acceptedTypes, null] : acceptedTypes;
}

/** By default RFC 9068 §2.2 says `client_id`, OpenID Connect says `azp`; where both are there they must agree. */
function presenterOf(claims: Claims, issuer: OidcIssuer): PresenterClaim {
  const [id, ...others] = presentersOf(claims, issuer);
  if (id === undefined) return { status: 'absent' };
  if (others.every((other) => other === id)) return { status: 'named', id };
  const actual = issuer.presenterClaims.map((selector) => `${selectorText(selector)} is ${quoted(selected(claims, selector))}`);
  return { status: 'conflict', actual: actual.join(', ') };
}

/** RFC 9068 §2.2: where no resource owner is involved, `sub` is the client. */
function kindOf(claims: Claims, issuer: OidcIssuer): 'user' | 'workload' {
  if (issuer.kind !== 'auto') return issuer.kind;
  const subject = claims['sub'];
  return presentersOf(claims, issuer).some((client) => client === subject) ? 'workload' : 'user';
}

function toPrincipal(claims: Claims, trusted: TrustedIssuer): ProviderPrincipal {
  const issuer = oidc(trusted);
  return {
    identity: { instance: `oidc:${issuer.issuer}`, externalId: externalIdOf(claims, issuer) },
    roles: textsClaim(claims, issuer.claims.roles),
    groups: textsClaim(claims, issuer.claims.groups),
    groupsOverage: hasDistributedGroups(claims, issuer),
  };
}

/** SECURITY: joined so that no two lists of values make one text. */
function externalIdOf(claims: Claims, { identityClaims }: OidcIssuer): string {
  const texts = identityClaims.map((selector) => selectedText(claims, selector));
  if (!texts.every((text) => text !== undefined)) throw new Error('A principal was asked for before its claims were checked.');
  const [only, ...others] = texts;
  return only !== undefined && others.length === 0 ? only : texts.map(encodeURIComponent).join(':');
}

/** OpenID Connect Core §5.6.2: the claim is kept elsewhere. */
function hasDistributedGroups(claims: Claims, { claims: { groups } }: OidcIssuer): boolean {
  const names = claims['_claim_names'];
  const name = typeof groups === 'string' ? groups : groups[0];
  return typeof names === 'object' && names !== null && Object.hasOwn(names, name);
}

function remedyFor(fault: Fault, token: { readonly claims: Claims }): string | undefined {
  const iss = textClaim(token.claims, 'iss');
  if (fault.code === 'ISSUER_UNTRUSTED' && iss?.endsWith('/') === true) {
    return 'Compare iss with the issuer in the discovery document of the identity provider, including the slash at its end, and register exactly that.';
  }
  return undefined;
}
