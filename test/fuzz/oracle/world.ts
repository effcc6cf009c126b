import type { JsonWebKey } from 'node:crypto';

export type WorldAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'Ed25519';

/** A key as its issuer publishes it. */
export interface WorldKey {
  readonly kid: string;
  readonly algorithm: WorldAlgorithm;
  readonly publicJwk: JsonWebKey;
  /** The issuer that the key document names for the key; may be a template with `{tenantid}`. */
  readonly keyIssuer: string | null;
  /** The cloud that the key document names for the key. */
  readonly cloudInstanceName: string | null;
}

/** One `iss` of an issuer, with the key document that belongs to it. */
interface WorldIss {
  readonly iss: string;
  readonly keys: readonly WorldKey[];
}

export interface WorldTenantRule {
  readonly tenantId: string;
  readonly slug: string;
  readonly when: { readonly claim: string; readonly equals: string } | null;
}

interface IssuerBase {
  readonly name: string;
  readonly owns: readonly WorldIss[];
  readonly audiences: readonly string[];
  readonly algorithms: readonly WorldAlgorithm[];
  readonly tenantRules: readonly WorldTenantRule[];
  readonly skewSeconds: number;
  readonly maxTokenAgeSeconds: { readonly user: number; readonly workload: number };
}

/** The exact name of a member at the top, or the names on the way down. */
export type Selector = string | readonly [string, ...string[]];

export interface OidcWorldIssuer extends IssuerBase {
  readonly provider: 'oidc';
  readonly issuer: string;
  readonly acceptedTypes: readonly string[];
  readonly allowMissingType: boolean;
  readonly claims: { readonly roles: Selector; readonly groups: Selector };
  readonly identityClaims: readonly [Selector, ...Selector[]];
  readonly presenterClaims: readonly Selector[];
  readonly kind: 'auto' | 'user' | 'workload';
  readonly markerClaims: readonly Selector[];
  readonly conditions: readonly { readonly claim: Selector; readonly oneOf: readonly (string | boolean)[] }[];
}

interface EntraWorldAcceptance {
  readonly delegated: boolean;
  readonly appOnly: boolean;
  readonly guests: boolean;
  readonly personalAccounts: boolean;
  readonly agents: boolean;
  readonly strictIdtyp: boolean;
  readonly requireAppRoles: boolean;
  readonly requiredScopes: readonly string[];
  readonly requiredApplicationPermissions: readonly string[];
  readonly requiredUserRoles: readonly string[];
  readonly presenters: readonly string[] | null;
  readonly minimumClientAuthentication: '0' | '1' | '2';
  readonly requiredAuthContext: string | null;
}

type EntraWorldHosting =
  | { readonly flavour: 'workforce' }
  | { readonly flavour: 'b2c'; readonly base: string; readonly policy: string; readonly issuer: string }
  | { readonly flavour: 'external-id'; readonly base: string; readonly issuer: string };

export interface EntraWorldIssuer extends IssuerBase {
  readonly provider: 'entra-id';
  readonly cloud: { readonly name: string; readonly loginBase: string; readonly v1IssuerBase: string };
  /** What the key documents of the cloud call it. */
  readonly cloudInstanceName: string;
  readonly hosting: EntraWorldHosting;
  readonly directoryIds: readonly string[];
  readonly anyDirectory: boolean;
  readonly acceptance: EntraWorldAcceptance;
}

export type WorldIssuer = OidcWorldIssuer | EntraWorldIssuer;

interface ScopedId {
  readonly issuer: string;
  readonly id: string;
}

/** What is registered for the client that hands a token in. */
export interface Presenter {
  readonly ownPresenters: readonly ScopedId[];
  readonly listedPresenters: readonly ScopedId[];
  readonly apiAudiences: readonly ScopedId[];
}

/** Everything that a verdict depends on but the token. */
export interface World {
  readonly ownIssuer: string;
  /** Unix seconds; the clock stands still. */
  readonly now: number;
  readonly issuers: readonly WorldIssuer[];
}
