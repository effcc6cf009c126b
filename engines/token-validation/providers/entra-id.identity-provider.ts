import type { TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims, IdentityProvider, PresenterClaim, ProviderPrincipal } from '../identity-provider.contract.js';
import { textClaim, textsClaim } from './claim-readers.js';
import { ENTRA_ACCEPTANCE } from './entra-id.acceptance.js';
import { ENTRA_CHECKS } from './entra-id.checks.js';
import { entra, hasGroupsOverage, isGuid, presenterClaim } from './entra-id.claims.js';
import { isAppOnly, isEntraIdToken, kindOfEntra } from './entra-id.classification.js';
import { entraPurposeFault, looksLikeEntra } from './entra-id.purpose.js';
import { entraRemedy } from './entra-id.remedies.js';

/** Every access token of Microsoft Entra ID says so, and its ID tokens too (access token claims reference). */
const ACCEPTED_TYPES: readonly string[] = ['JWT'];

/** Microsoft Entra ID: v1 and v2 access tokens of directories in one cloud, of a policy of Azure AD B2C, or of External ID. */
export function createEntraIdIdentityProvider(): IdentityProvider {
  return {
    name: 'entra-id',
    checks: ENTRA_CHECKS,
    acceptance: ENTRA_ACCEPTANCE,
    acceptedTypes: () => ACCEPTED_TYPES,
    purposeFault: entraPurposeFault,
    isIdToken: isEntraIdToken,
    mayCarryNonce,
    presenterOf,
    kindOf: (claims) => (isAppOnly(kindOfEntra(claims)) ? 'workload' : 'user'),
    toPrincipal,
    remedyFor: entraRemedy,
    recognises: (_header, claims) => looksLikeEntra(claims),
  };
}

/** Azure AD B2C passes the nonce of the sign-in on to access tokens, which alone have `scp`. */
function mayCarryNonce(claims: Claims, issuer: TrustedIssuer): boolean {
  return entra(issuer).hosting.flavour === 'b2c' && textClaim(claims, 'scp') !== undefined;
}

function presenterOf(claims: Claims, issuer: TrustedIssuer): PresenterClaim {
  const id = textClaim(claims, presenterClaim(claims, entra(issuer)));
  return id === undefined ? { status: 'absent' } : { status: 'named', id };
}

/** The identity is cloud, directory and object: the same for v1 and v2 tokens, and never a name or an address. */
function toPrincipal(claims: Claims, trusted: TrustedIssuer): ProviderPrincipal {
  const issuer = entra(trusted);
  const isB2c = issuer.hosting.flavour === 'b2c';
  const directory = isB2c ? issuer.directoryIds[0] : claims['tid'];
  const object = isB2c && claims['oid'] === undefined ? claims['sub'] : claims['oid'];
  if (!isGuid(directory) || !isGuid(object)) throw new Error('A principal was asked for before tid and oid were checked.');
  return {
    identity: {
      instance: `entra:${issuer.cloud.name.toLowerCase()}:${directory.toLowerCase()}`,
      externalId: object.toLowerCase(),
    },
    roles: textsClaim(claims, 'roles'),
    groups: textsClaim(claims, 'groups'),
    groupsOverage: hasGroupsOverage(claims),
  };
}
