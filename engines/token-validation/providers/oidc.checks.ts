import type { ClaimCondition, ClaimSelector, OidcIssuer, TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims, ProviderCheck } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { createMappedClaimsCheck, invalidClaim, selected, selectedText, selectorText } from './claim-readers.js';

/** Control characters have no place in an identifier, and a database cannot hold all of them. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;
const MAX_IDENTIFIER_LENGTH = 1024;

export function oidc(issuer: TrustedIssuer): OidcIssuer {
  if (issuer.provider !== 'oidc') throw new Error('The oidc plug-in was given an issuer of another provider.');
  return issuer;
}

/** The issuer look-up is exact already; the claim that identities are built from is compared once more where it is used. */
const issuerCheck: ProviderCheck = {
  name: 'oidc-issuer',
  run({ claims, issuer }) {
    const expected = oidc(issuer).issuer;
    if (claims['iss'] === expected) return undefined;
    return { code: 'ISSUER_UNTRUSTED', actual: `iss is ${quoted(claims['iss'])}`, expected: quoted(expected) };
  },
};

/** What only access tokens of this issuer have is there, where `typ` does not say what the token is. */
const markerCheck: ProviderCheck = {
  name: 'oidc-marker',
  run({ claims, issuer }) {
    const missing = oidc(issuer).markerClaims.find((selector) => (selected(claims, selector) ?? null) === null);
    if (missing === undefined) return undefined;
    const name = selectorText(missing);
    return {
      code: 'TOKEN_TYPE_MISMATCH',
      actual: `no claim ${name}`,
      expected: `${name}, which every access token of this issuer has`,
    };
  },
};

/** The claims that make the identity and name the client are strings. */
const identityCheck: ProviderCheck = {
  name: 'oidc-identity',
  run({ claims, issuer }) {
    const { identityClaims, presenterClaims } = oidc(issuer);
    const wrong =
      identityClaims.find((selector) => !isIdentifier(selected(claims, selector))) ??
      presenterClaims.find((selector) => selected(claims, selector) !== undefined && !isText(claims, selector));
    return wrong === undefined ? undefined : invalidClaim(claims, wrong, 'a string without control characters');
  },
};

function isText(claims: Claims, selector: ClaimSelector): boolean {
  return typeof selected(claims, selector) === 'string';
}

function isIdentifier(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= MAX_IDENTIFIER_LENGTH && !CONTROL.test(value);
}

/** SECURITY: an issuer that many share vouches for everyone; only these conditions say whom of them is meant. */
const conditionsCheck: ProviderCheck = {
  name: 'oidc-conditions',
  run({ claims, issuer }) {
    const unmet = oidc(issuer).conditions.find((condition) => !holds(condition, claims));
    if (unmet === undefined) return undefined;
    const name = selectorText(unmet.claim);
    return {
      code: 'TOKEN_CONDITION_UNMET',
      actual: `${name} is ${quoted(selected(claims, unmet.claim))}`,
      expected: `${name} as one of ${quoted(unmet.oneOf)}`,
    };
  },
};

function holds({ claim, oneOf }: ClaimCondition, claims: Claims): boolean {
  const value = selected(claims, claim);
  return (typeof value === 'string' || typeof value === 'boolean') && oneOf.includes(value);
}

/** The client that the token names, or the first of two that disagree. */
export function presentersOf(claims: Claims, issuer: OidcIssuer): readonly string[] {
  return issuer.presenterClaims.flatMap((selector) => selectedText(claims, selector) ?? []);
}

export const OIDC_CHECKS: readonly ProviderCheck[] = [
  issuerCheck,
  markerCheck,
  identityCheck,
  createMappedClaimsCheck('oidc-claims', ({ issuer }) => [oidc(issuer).claims.roles, oidc(issuer).claims.groups]),
];

export const OIDC_ACCEPTANCE: readonly ProviderCheck[] = [conditionsCheck];
