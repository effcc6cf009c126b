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

export interface OidcIssuer extends TrustedIssuerBase {
  readonly provider: 'oidc';
  /** The exact `iss`. */
  readonly issuer: string;
  /** Values of `typ` that mark its access tokens, compared without case and without `application/`. */
  readonly acceptedTypes: readonly string[];
  /** Names of the claims that hold roles and groups. */
  readonly claims: { readonly roles: string; readonly groups: string };
}

export interface EntraIssuer extends TrustedIssuerBase {
  readonly provider: 'entra-id';
  readonly cloud: EntraCloud;
  /** Directory (tenant) ids that are accepted, lower case; never empty. */
  readonly directoryIds: readonly string[];
}

export type TrustedIssuer = OidcIssuer | EntraIssuer;

export interface VerificationKey {
  readonly kid: string;
  readonly key: KeyObject;
  /** The one algorithm that the key is good for. */
  readonly algorithm: SignatureAlgorithm;
  /** The `issuer` member of the JWK, where the issuer publishes one (Entra v2). May be a template with `{tenantid}`. */
  readonly keyIssuer: string | null;
}

export type KeyLookup =
  | { readonly status: 'found'; readonly key: VerificationKey }
  /** The issuer answers and does not have it, or a fresh fetch is held back. */
  | { readonly status: 'unknown' }
  /** The issuer does not answer, and no key that is kept is this one. */
  | { readonly status: 'unavailable'; readonly retryAfterSeconds: number };

/** An issuer as it is registered; `tenantRules` name tenants by slug. */
export type IssuerRegistration = (Omit<OidcIssuer, 'tenantRules'> | Omit<EntraIssuer, 'tenantRules'>) & {
  readonly tenantRules: readonly Omit<TenantRule, 'tenantId'>[];
  readonly status: 'active' | 'disabled';
};

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

  /** Records trust in an issuer or brings it to this state. Idempotent. @throws CodedError `IMPORT_INVALID` */
  registerIssuer(context: CallContext, issuer: IssuerRegistration): Promise<'created' | 'updated' | 'unchanged'>;
}

export const ISSUER_ACCESS: unique symbol = Symbol('IssuerAccess');
