import type { TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims, Fault, IdentityProvider, ProviderCheck } from '#engines/token-validation/identity-provider.contract.js';

/** Issuers that are registered with the preset okta; all others are left to the provider that is extended. */
function isOkta(issuer: TrustedIssuer): boolean {
  return issuer.provider === 'oidc' && issuer.preset === 'okta';
}

/** Okta puts the user's id into `uid`; a service that signed in as itself has none, and is its own `sub`. */
function isService(claims: Claims): boolean {
  return claims['uid'] === undefined;
}

/** The issuer as this token is to be read: services are known by their client id. */
function readingOf(issuer: TrustedIssuer, claims: Claims): TrustedIssuer {
  if (issuer.provider !== 'oidc' || !isOkta(issuer) || !isService(claims)) return issuer;
  return { ...issuer, identityClaims: ['cid'], kind: 'workload' };
}

/** A custom authorization server, since tokens of the organisation's own server may be read by nobody but Okta. */
const authorizationServerCheck: ProviderCheck = {
  name: 'okta-authorization-server',
  run({ claims, issuer }) {
    const iss = claims['iss'];
    if (!isOkta(issuer) || (typeof iss === 'string' && /\/oauth2\/[^/]+$/.test(iss))) return undefined;
    return {
      code: 'ISSUER_UNTRUSTED',
      actual: 'a token of the authorization server of the organisation',
      expected: 'an iss that ends in /oauth2/ and the id of a custom authorization server',
      remedy: 'Acquire the token from a custom authorization server, and register that one as the issuer.',
    };
  },
};

/** Who has no `uid` must be a service: `sub` is its client id. */
const subjectCheck: ProviderCheck = {
  name: 'okta-subject',
  run({ claims, issuer }) {
    if (!isOkta(issuer) || !isService(claims) || claims['sub'] === claims['cid']) return undefined;
    return { code: 'TOKEN_CLAIM_INVALID', actual: 'neither uid nor cid as sub', expected: 'uid, or sub equal to cid' };
  },
};

/** The generic provider for everything, with what is particular about Okta in front of it. */
export function createOktaIdentityProvider(oidc: IdentityProvider): IdentityProvider {
  const read = (check: ProviderCheck): ProviderCheck => ({
    name: check.name,
    run: (token) => check.run({ ...token, issuer: readingOf(token.issuer, token.claims) }),
  });
  return {
    ...oidc,
    checks: [authorizationServerCheck, subjectCheck, ...oidc.checks.map(read)],
    kindOf: (claims, issuer) => oidc.kindOf(claims, readingOf(issuer, claims)),
    toPrincipal(claims, issuer) {
      const described = oidc.toPrincipal(claims, readingOf(issuer, claims));
      if (!isOkta(issuer) || !isService(claims)) return described;
      const { instance, externalId } = described.identity;
      return { ...described, identity: { instance, externalId: `client:${externalId}` } };
    },
    remedyFor: (fault, token) => oktaRemedy(fault) ?? oidc.remedyFor(fault, token),
  };
}

function oktaRemedy({ code, expected }: Fault): string | undefined {
  if (code !== 'TOKEN_TYPE_MISMATCH' || !expected.startsWith('cid')) return undefined;
  return 'Every access token of Okta names its client in cid: send the access token, not the ID token.';
}
