import { isText, isTextArray, type Rule, type TokenCase } from './case.js';
import { isIdentifier, plainType } from './common-rules.js';
import type { JsonValue } from './json-reader.js';
import { presenterFault } from './presenter-rules.js';
import { claimAt } from './selector.js';
import type { OidcWorldIssuer, Selector } from './world.js';

type OidcCase = TokenCase<OidcWorldIssuer>;

export const presentersOf = ({ claims, issuer }: OidcCase): readonly JsonValue[] =>
  issuer.presenterClaims.map((selector) => claimAt(claims, selector) ?? null);

const presenterIs = (code: string) => (token: OidcCase) => presenterFault(token, presentersOf(token)) === code;

/** RFC 9068 §2.2: where no resource owner is involved, `sub` is the client; unless the configuration knows better. */
export function kindOf(token: OidcCase): 'user' | 'workload' {
  if (token.issuer.kind !== 'auto') return token.issuer.kind;
  const subject = token.claims.get('sub');
  return subject !== '' && presentersOf(token).some((id) => id === subject) ? 'workload' : 'user';
}

const mapped = ({ claims }: OidcCase, selector: Selector): boolean => {
  const value = claimAt(claims, selector);
  return value === undefined || isTextArray(value);
};

/** RFC 9068 §2 and §4, OpenID Connect Core, and the configuration of the issuer. */
export const OIDC_RULES: readonly Rule<OidcWorldIssuer>[] = [
  {
    code: 'TOKEN_TYPE_MISMATCH',
    says: 'typ marks an access token of this issuer',
    broken: ({ header, issuer }) => {
      const type = header.get('typ');
      if (type === undefined && issuer.allowMissingType) return false;
      return !isText(type) || !issuer.acceptedTypes.some((accepted) => plainType(accepted) === plainType(type));
    },
  },
  {
    code: 'ISSUER_UNTRUSTED',
    says: 'iss is the registered one',
    broken: ({ claims, issuer }) => claims.get('iss') !== issuer.issuer,
  },
  { code: 'TOKEN_IS_ID_TOKEN', says: 'no nonce', broken: ({ claims }) => claims.has('nonce') },
  { code: 'TOKEN_IS_ID_TOKEN', says: 'typ among the claims is not ID', broken: ({ claims }) => claims.get('typ') === 'ID' },
  {
    code: 'TOKEN_TYPE_MISMATCH',
    says: 'claims that only access tokens have are there',
    broken: ({ claims, issuer }) => issuer.markerClaims.some((selector) => (claimAt(claims, selector) ?? null) === null),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'the claims that make the identity are identifiers',
    broken: ({ claims, issuer }) => issuer.identityClaims.some((selector) => !isIdentifier(claimAt(claims, selector))),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'the claims that name the client are strings',
    broken: ({ claims, issuer }) =>
      issuer.presenterClaims.some((selector) => claimAt(claims, selector) !== undefined && !isText(claimAt(claims, selector))),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'mapped claims are arrays of strings',
    broken: (token) => !mapped(token, token.issuer.claims.roles) || !mapped(token, token.issuer.claims.groups),
  },
  {
    code: 'TOKEN_CONDITION_UNMET',
    says: 'every condition of the issuer holds',
    broken: ({ claims, issuer }) =>
      issuer.conditions.some(({ claim, oneOf }) => !oneOf.some((value) => value === claimAt(claims, claim))),
  },
  {
    code: 'TOKEN_TOO_OLD',
    says: 'iat is younger than the limit of the kind',
    broken: (token) => {
      const iat = token.claims.get('iat');
      return typeof iat === 'number' && token.world.now - iat > token.issuer.maxTokenAgeSeconds[kindOf(token)];
    },
  },
  { code: 'TOKEN_PRESENTER_CONFLICT', says: 'one client', broken: presenterIs('TOKEN_PRESENTER_CONFLICT') },
  { code: 'TOKEN_PRESENTER_MISMATCH', says: 'a rightful presenter', broken: presenterIs('TOKEN_PRESENTER_MISMATCH') },
];
