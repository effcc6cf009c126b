import type { TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims, IdentityProvider, PresenterClaim, ProviderPrincipal } from '../identity-provider.contract.js';
import { textClaim, textsClaim } from './claim-readers.js';
import { ENTRA_CHECKS, entra, hasGroupsOverage, isGuid } from './entra-id.checks.js';
import { entraRemedy } from './entra-id.remedies.js';

/** Every access token of Microsoft Entra ID says so, and its ID tokens too (access token claims reference). */
const ACCEPTED_TYPES: readonly string[] = ['JWT'];

/** Microsoft Entra ID: v1 and v2 access tokens of listed directories in one cloud. */
export function createEntraIdIdentityProvider(): IdentityProvider {
  return {
    name: 'entra-id',
    checks: ENTRA_CHECKS,
    acceptedTypes: () => ACCEPTED_TYPES,
    isIdToken,
    presenterOf,
    kindOf,
    toPrincipal,
    remedyFor: entraRemedy,
    recognises,
  };
}

/** Access tokens say how the client authenticated or what was delegated; ID tokens never do. */
function isIdToken(claims: Claims): boolean {
  const isAccessToken = ['azpacr', 'appidacr', 'scp'].some((name) => Object.hasOwn(claims, name));
  return !isAccessToken && Object.hasOwn(claims, 'preferred_username');
}

/** v1 tokens name the client in `appid`, v2 tokens in `azp`. */
function presenterOf(claims: Claims): PresenterClaim {
  const id = textClaim(claims, claims['ver'] === '1.0' ? 'appid' : 'azp');
  return id === undefined ? { status: 'absent' } : { status: 'named', id };
}

/** App-only tokens say so where the optional claim `idtyp` is configured; without it they have no scope and are about themselves. */
function kindOf(claims: Claims): 'user' | 'workload' {
  if (claims['idtyp'] === 'app') return 'workload';
  return claims['scp'] === undefined && claims['oid'] === claims['sub'] ? 'workload' : 'user';
}

/** The identity is cloud, directory and object: the same for v1 and v2 tokens, and never a name or an address. */
function toPrincipal(claims: Claims, issuer: TrustedIssuer): ProviderPrincipal {
  const { tid, oid } = { tid: claims['tid'], oid: claims['oid'] };
  if (!isGuid(tid) || !isGuid(oid)) throw new Error('A principal was asked for before tid and oid were checked.');
  return {
    identity: { instance: `entra:${entra(issuer).cloud.name.toLowerCase()}:${tid.toLowerCase()}`, externalId: oid.toLowerCase() },
    roles: textsClaim(claims, 'roles'),
    groups: textsClaim(claims, 'groups'),
    groupsOverage: hasGroupsOverage(claims),
  };
}

function recognises(_header: Claims, claims: Claims): boolean {
  const version = claims['ver'];
  return typeof claims['tid'] === 'string' && (version === '1.0' || version === '2.0');
}
