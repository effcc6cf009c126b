/**
 * Hides where trust in identity providers is recorded and how their keys are fetched and kept.
 * Called by the TokenValidationEngine and by Managers. An issuer that is not configured never causes network traffic, and no
 * part of a URL ever comes from a token.
 */
import type { KeyObject } from 'node:crypto';
import type { CallContext } from '#utilities/call-context/contract.js';

export type SignatureAlgorithm =
  'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA' | 'Ed25519';

/** One national or development cloud of Entra: the hosts that its issuers and metadata are made of. */
export interface EntraCloud {
  readonly name: string;
  /** Base of v2 issuers and of all metadata, without a trailing slash: `https://login.microsoftonline.com`. */
  readonly loginBase: string;
  /** Base of v1 issuers, without a trailing slash: `https://sts.windows.net`. */
  readonly v1IssuerBase: string;
}

/** Chooses a tenant here for a token: the first claim condition, if any, must hold exactly. */
export interface TenantRule {
  readonly tenantId: string;
  readonly slug: string;
  readonly when: { readonly claim: string; readonly equals: string } | null;
}

interface TrustedIssuerBase {
  /** The operator's stable name; what client registrations and mappings refer to. */
  readonly name: string;
  /** Exact audiences; never empty. */
  readonly audiences: readonly string[];
  /** Never empty; never `none`, never symmetric. */
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Skew accepted on `nbf` and `iat`, 0 to 300. */
  readonly skewSeconds: number;
  readonly maxTokenAgeSeconds: { readonly user: number; readonly workload: number };
  readonly tenantRules: readonly TenantRule[];
}

/** A claim: the exact name of a top-level member, dots and all, or the names on the way down to a nested one. */
export type ClaimSelector = string | readonly [string, ...string[]];

/** Holds when the claim is exactly one of these values; a claim that is absent or of another type never holds. */
export interface ClaimCondition {
  readonly claim: ClaimSelector;
  /** Never empty. */
  readonly oneOf: readonly (string | boolean)[];
}

/** Where the keys of an issuer come from. Neither form is ever made of anything that a token holds. */
export type KeySource =
  | { readonly from: 'discovery' }
  | { readonly from: 'jwks-uri'; readonly url: string }
  /** Public keys that the operator uploaded, a JWK set as JSON text; nothing is fetched for them. */
  | { readonly from: 'uploaded'; readonly jwks: string };

export interface OidcIssuer extends TrustedIssuerBase {
  readonly provider: 'oidc';
  /** The preset whose defaults and conditions this issuer was registered with. Default `null`: none. */
  readonly preset: string | null;
  /** The exact `iss`. */
  readonly issuer: string;
  /** Values of `typ` that mark its access tokens, compared without case and without `application/`. Empty only with `allowMissingType`. */
  readonly acceptedTypes: readonly string[];
  /** Whether a token may do without `typ`, as those of Kubernetes and Okta do. Default `false`. */
  readonly allowMissingType: boolean;
  /** The claims that hold roles and groups; both are arrays of strings. */
  readonly claims: { readonly roles: ClaimSelector; readonly groups: ClaimSelector };
  /**
   * The claims that make the identity; never empty, each must be a string in every token. One is taken as it is; several are
   * percent-encoded and joined with ":". Default `sub`. Never a name that can be given to somebody else later.
   */
  readonly identityClaims: readonly [ClaimSelector, ...ClaimSelector[]];
  /** The claims that name the client a token was issued to; where several are there they must agree. Default `client_id`, `azp`. */
  readonly presenterClaims: readonly ClaimSelector[];
  /** Default `auto`: a workload where the token is about the client itself, else a user. */
  readonly kind: 'auto' | 'user' | 'workload';
  /** Claims that only access tokens of this issuer have, where `typ` does not tell them apart. All must be there. Default none. */
  readonly markerClaims: readonly ClaimSelector[];
  /** All must hold. Default none; an issuer that many organisations share needs at least one. */
  readonly conditions: readonly ClaimCondition[];
  /** Default discovery. */
  readonly keySource: KeySource;
}

/** Issuers that many organisations share: their tokens say nothing about the organisation without a condition on a claim. */
export const SHARED_ISSUERS: readonly string[] = [
  'https://accounts.google.com',
  'https://agent.buildkite.com',
  'https://app.terraform.io',
  'https://gitlab.com',
  'https://oidc.vercel.com',
  'https://token.actions.githubusercontent.com',
];

/** What a registration that says nothing of these gets. */
export const OIDC_DEFAULTS = {
  preset: null,
  algorithms: ['RS256'],
  acceptedTypes: ['at+jwt'],
  claims: { roles: 'roles', groups: 'groups' },
  allowMissingType: false,
  identityClaims: ['sub'],
  presenterClaims: ['client_id', 'azp'],
  kind: 'auto',
  markerClaims: [],
  conditions: [],
  keySource: { from: 'discovery' },
} as const satisfies Partial<OidcIssuer>;

/** Which of the three kinds of Entra directory this is; they share names of claims, but neither hosts nor keys. */
export type EntraHosting =
  | { readonly flavour: 'workforce' }
  /**
   * One policy (user flow) of Azure AD B2C. `base`: `https://contoso.b2clogin.com`, without a slash at the end. `issuer`, exactly
   * as its metadata says it: `{base}/{directory}/v2.0/` or `{base}/tfp/{directory}/{policy}/v2.0/`. The metadata is at
   * `{base}/{directory}/{policy}/v2.0/.well-known/openid-configuration`.
   */
  | { readonly flavour: 'b2c'; readonly base: string; readonly policy: string; readonly issuer: string }
  /**
   * External ID. `base`: `https://contoso.ciamlogin.com`; `issuer`, exactly as its metadata says it:
   * `https://{directory}.ciamlogin.com/{directory}/v2.0`. The metadata is at `{base}/{directory}/v2.0/.well-known/openid-configuration`.
   */
  | { readonly flavour: 'external-id'; readonly base: string; readonly issuer: string };

/** Which tokens of a trusted directory are accepted. Tokens of devices never are. */
export interface EntraAcceptance {
  /** Tokens of users. Default `true`. */
  readonly delegated: boolean;
  /** Tokens of applications and managed identities. Default `true`. */
  readonly appOnly: boolean;
  /** Users whose home is another directory. Default `true`: the directory that trusts them invited them. */
  readonly guests: boolean;
  /** Personal Microsoft accounts. Default `false`. */
  readonly personalAccounts: boolean;
  /** Agent identities. Default `false`. */
  readonly agents: boolean;
  /** Refuse tokens without `idtyp` instead of telling the kind from other claims. Default `false`. */
  readonly strictIdtyp: boolean;
  /** Refuse app-only tokens without roles, which any application of the directory can get. Default `true`. */
  readonly requireAppRoles: boolean;
  /** Short names that `scp` of every delegated token must hold, all of them. Default none. */
  readonly requiredScopes: readonly string[];
  /** Roles that every app-only token must hold, all of them. Default none. */
  readonly requiredApplicationPermissions: readonly string[];
  /** Roles that every delegated token must hold, all of them. Default none. */
  readonly requiredUserRoles: readonly string[];
  /** Client ids, lower case, that tokens may have been issued to. Default `null`: any client of a listed directory. */
  readonly presenters: readonly string[] | null;
  /** The least of `azpacr`/`appidacr`: `0` public, `1` secret, `2` certificate or federation. Default `0`. */
  readonly minimumClientAuthentication: '0' | '1' | '2';
  /** Authentication context (`acrs`, c1 to c99) that delegated tokens must hold: step-up. Default `null`. */
  readonly requiredAuthContext: string | null;
}

export interface EntraIssuer extends TrustedIssuerBase {
  readonly provider: 'entra-id';
  readonly cloud: EntraCloud;
  /** Default workforce. */
  readonly hosting: EntraHosting;
  /** Directory (tenant) ids that are accepted, lower case; empty exactly with `anyDirectory`; one for B2C and External ID. */
  readonly directoryIds: readonly string[];
  /** Template mode: every directory of the cloud. Workforce only, and every tenant rule needs a condition. Default `false`. */
  readonly anyDirectory: boolean;
  readonly acceptance: EntraAcceptance;
  /** The client id of an API with signing keys of its own, which only the metadata at `?appid=` lists. Default `null`. */
  readonly appKeysClientId: string | null;
}

/** What a registration that says nothing of these gets. */
export const ENTRA_DEFAULTS = {
  hosting: { flavour: 'workforce' },
  anyDirectory: false,
  acceptance: {
    delegated: true,
    appOnly: true,
    guests: true,
    personalAccounts: false,
    agents: false,
    strictIdtyp: false,
    requireAppRoles: true,
    requiredScopes: [],
    requiredApplicationPermissions: [],
    requiredUserRoles: [],
    presenters: null,
    minimumClientAuthentication: '0',
    requiredAuthContext: null,
  },
  appKeysClientId: null,
} as const satisfies Partial<EntraIssuer>;

export type TrustedIssuer = OidcIssuer | EntraIssuer;

export interface VerificationKey {
  readonly kid: string;
  readonly key: KeyObject;
  /** The one algorithm that the key is good for. */
  readonly algorithm: SignatureAlgorithm;
  /** The `issuer` member of the JWK, where the issuer publishes one (Entra v2). May be a template with `{tenantid}`. */
  readonly keyIssuer: string | null;
  /** The `cloud_instance_name` member of the JWK, where the issuer publishes one: the cloud that the key is good for. */
  readonly cloudInstanceName: string | null;
}

export type KeyLookup =
  | { readonly status: 'found'; readonly key: VerificationKey }
  /** The issuer answers and does not have it, or a fresh fetch is held back. */
  | { readonly status: 'unknown' }
  /** The issuer does not answer, and no key that is kept is this one. */
  | { readonly status: 'unavailable'; readonly retryAfterSeconds: number };

/** `Members` may be left out. */
type WithOptional<Whole, Members extends keyof Whole> = Omit<Whole, Members> & Partial<Pick<Whole, Members>>;

type OidcRegistration = WithOptional<Omit<OidcIssuer, 'tenantRules'>, keyof typeof OIDC_DEFAULTS>;
type EntraRegistration = WithOptional<
  Omit<EntraIssuer, 'tenantRules' | 'acceptance'>,
  Exclude<keyof typeof ENTRA_DEFAULTS, 'acceptance'>
> & { readonly acceptance?: Partial<EntraAcceptance> };

/**
 * An issuer as it is registered; `tenantRules` name tenants by slug. What has a default may be left out, and is filled in from
 * the preset where one is named, then from the defaults.
 */
export type IssuerRegistration = (OidcRegistration | EntraRegistration) & {
  readonly tenantRules: readonly Omit<TenantRule, 'tenantId'>[];
  /** `null`: as it is stored; active where it is new. */
  readonly status: 'active' | 'disabled' | null;
};

/** How one key set stands in this process. */
export interface KeySetState {
  readonly issuer: string;
  readonly iss: string;
  /** `idle`: nobody has asked yet. `stale`: the last good set serves, the last fetch failed. `missing`: there is no set. */
  readonly status: 'idle' | 'fresh' | 'stale' | 'missing';
  readonly kids: readonly string[];
  /** Since the last fetch that succeeded. */
  readonly ageSeconds: number | null;
  readonly lastFailure: { readonly reason: string; readonly secondsAgo: number } | null;
  readonly nextAttemptInSeconds: number | null;
}

export interface IssuerAccess {
  /**
   * The active trusted issuer that owns exactly this `iss`. Causes no network traffic to any identity provider.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  trustedIssuer(context: CallContext, iss: string): Promise<TrustedIssuer | undefined>;

  /**
   * The key `kid` of the key set that belongs to `iss` of this issuer. A known key is answered at once from memory. An unknown
   * one causes at most one fetch for all callers together, held back by a token bucket counted on attempts; keys that are
   * known are not lost by it. With the issuer away, the last good set serves for 24 h. An `iss` that this issuer does not own,
   * or no longer, has no keys.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  verificationKey(context: CallContext, issuer: TrustedIssuer, iss: string, kid: string): Promise<KeyLookup>;

  /**
   * The active issuers, as far as they are in memory; empty where nothing was loaded yet. The same array until they change, so
   * that an index of it can be kept. Reads nothing and fetches nothing. Serves the words of a diagnosis, never a decision.
   */
  issuersInMemory(): readonly TrustedIssuer[];

  /**
   * Names of the active issuers whose keys in memory include this `kid`. Reads nothing and fetches nothing. Serves the words of
   * a diagnosis, never a decision.
   */
  issuersHoldingKey(kid: string): readonly string[];

  /** Records trust in an issuer or brings it to this state. Idempotent. @throws CodedError `IMPORT_INVALID` */
  registerIssuer(context: CallContext, issuer: IssuerRegistration): Promise<'created' | 'updated' | 'unchanged'>;
}

/** One immutable state of what is registered about an issuer. */
export interface IssuerVersion {
  readonly name: string;
  /** 1, 2, … for each issuer. */
  readonly version: number;
  /** Of its content, hex; the same content is the same version. */
  readonly sha256: string;
  /** Complete, with every default. Its `status` is how the issuer stands, not part of the version. */
  readonly registration: IssuerRegistration;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** What came into force when; the newest one says how an issuer stands. */
export interface IssuerActivation {
  readonly number: number;
  readonly version: number;
  readonly status: 'active' | 'disabled';
  /** Unix milliseconds. */
  readonly at: number;
}

export interface IssuerSummary {
  readonly name: string;
  readonly status: 'draft' | 'active' | 'disabled';
  /** In force, or in force again once it is enabled. */
  readonly version: number | null;
  readonly newestVersion: number;
}

/** What one place of metadata answers at the moment. Nothing of it is trusted or kept. */
export interface IssuerProbe {
  readonly iss: string;
  readonly metadataUrl: string | null;
  /** `ok`, or why no key set was taken. */
  readonly outcome: string;
  readonly detail: string | null;
  readonly jwksHost: string | null;
  readonly keys: readonly { readonly kid: string; readonly algorithm: SignatureAlgorithm }[];
  readonly refusedKeys: readonly { readonly kid: string | null; readonly reason: string }[];
}

/** The life of trust: drafted, reviewed, activated, disabled. Called by the AdministrationManager alone. */
export interface IssuerRegistry {
  /**
   * Fetches discovery and keys of a registration as the service would, and says what came of it. Changes nothing.
   *
   * @throws CodedError `ISSUER_INVALID`
   */
  probeIssuer(context: CallContext, registration: IssuerRegistration): Promise<readonly IssuerProbe[]>;

  /** Keeps a version that is not in force. The same content again is the same version. @throws CodedError `ISSUER_INVALID` */
  draftIssuer(context: CallContext, registration: IssuerRegistration): Promise<IssuerVersion>;

  /**
   * Puts a version into force, everywhere within 2 s. All rules are checked again. `expected` is the version in force that the
   * operator has seen; `null`: none.
   *
   * @throws CodedError `ISSUER_UNKNOWN`, `ISSUER_INVALID`, `ISSUER_CHANGED`
   */
  activateIssuer(
    context: CallContext,
    order: { readonly name: string; readonly version: number; readonly expected: number | null },
  ): Promise<IssuerActivation>;

  /** Takes the version in force out of it, or puts it back, everywhere within 2 s. @throws CodedError `ISSUER_UNKNOWN`, `ISSUER_CHANGED`, `ISSUER_INVALID` */
  switchIssuer(context: CallContext, name: string, status: 'active' | 'disabled'): Promise<IssuerActivation>;

  /** Every issuer that was ever drafted. */
  issuers(context: CallContext): Promise<readonly IssuerSummary[]>;

  /** All versions and activations of one issuer, oldest first. @throws CodedError `ISSUER_UNKNOWN` */
  issuerHistory(
    context: CallContext,
    name: string,
  ): Promise<{ readonly versions: readonly IssuerVersion[]; readonly activations: readonly IssuerActivation[] }>;

  /** How the key sets of this process stand. Reads nothing and fetches nothing. */
  keySets(context: CallContext): readonly KeySetState[];
}

export const ISSUER_REGISTRY: unique symbol = Symbol('IssuerRegistry');
export const ISSUER_ACCESS: unique symbol = Symbol('IssuerAccess');
