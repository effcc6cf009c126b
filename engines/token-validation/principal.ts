import type { TenantRule } from '#accessors/issuer/contract.js';
import type { Principal } from './contract.js';
import { actorsOf, confirmationOf, mayActOf } from './delegation-claims.js';
import type { Claims } from './identity-provider.contract.js';
import type { ValidationState } from './validation-state.js';

/**
 * Who the token is about.
 *
 * SECURITY: nothing of an unproven token leaves this engine but findings. Whatever became of the order of the checks, this
 * throws rather than describe a token whose signature or presenter was not proven.
 */
export function principalOf(state: ValidationState): Principal {
  const { signatureProven, presenterCase } = state;
  if (!signatureProven || presenterCase === null) throw new Error('A principal was asked for before the token was proven.');
  const { issuer, provider, required } = state;
  const { claims } = state.token;
  const described = provider.toPrincipal(claims, issuer);
  return {
    kind: provider.kindOf(claims, issuer),
    identity: described.identity,
    issuer: issuer.name,
    case: presenterCase,
    presenterId: state.presenterId,
    actors: actorsOf(claims),
    mayAct: mayActOf(claims),
    confirmation: confirmationOf(claims),
    tenants: issuer.tenantRules.filter((rule) => holds(rule, claims)),
    roles: described.roles,
    groups: described.groups,
    groupsOverage: described.groupsOverage,
    acr: acrOf(claims),
    amr: amrOf(claims),
    authTime: authTimeOf(claims, required.issuedAt),
    issuedAt: required.issuedAt,
    expiresAt: required.expiresAt,
  };
}

function holds({ when }: TenantRule, claims: Claims): boolean {
  return when === null || claims[when.claim] === when.equals;
}

/** How the subject signed in is passed on as it is said, and left out where it is not of the specified type. */
function acrOf(claims: Claims): string | null {
  const acr = claims['acr'];
  return typeof acr === 'string' && acr !== '' ? acr : null;
}

const NONE: readonly string[] = [];

function amrOf(claims: Claims): readonly string[] {
  const amr = claims['amr'];
  return Array.isArray(amr) && amr.every((item): item is string => typeof item === 'string') ? amr : NONE;
}

function authTimeOf(claims: Claims, issuedAt: number): number | null {
  const time = claims['auth_time'];
  return typeof time === 'number' && Number.isInteger(time) && time >= 0 && time <= issuedAt ? time : null;
}
