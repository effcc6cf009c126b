import type { TrustedIssuer } from '#accessors/issuer/contract.js';
import type { Claims } from '#engines/token-validation/identity-provider.contract.js';

/** A genuine access token, unsigned, and what the provider must read in it. */
export interface AccessSample {
  readonly title: string;
  readonly issuer: TrustedIssuer;
  readonly header: Claims;
  readonly claims: Claims;
  readonly kind: 'user' | 'workload';
  /** The client that the token was issued to; `null`: it names none. */
  readonly presenter: string | null;
  /** Any label: samples with the same one are about the same subject, all others are not. */
  readonly subject: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly groupsOverage: boolean;
}

interface OtherSample {
  readonly title: string;
  readonly issuer: TrustedIssuer;
  readonly header: Claims;
  readonly claims: Claims;
}

/** What the author of a provider declares about it; the kit does the rest. */
export interface IdentityProviderSamples {
  /** At least two subjects and, where the provider has several versions of tokens, one sample of each for the same subject. */
  readonly access: readonly AccessSample[];
  /** ID tokens of the same provider, and other tokens of it that must not pass. */
  readonly refused: readonly OtherSample[];
  /** Tokens of other kinds of providers, which this one must not take for its own. */
  readonly foreign: readonly Pick<OtherSample, 'title' | 'header' | 'claims'>[];
  /** Claims beyond `iss`, `sub`, `aud`, `exp` and `iat` without which no token of this provider is accepted. */
  readonly requiredClaims: readonly string[];
  /** Names at the top of the claims that become roles and groups. */
  readonly mappedClaims: readonly string[];
  /** Pairs of claims that name the client where both are there; they must agree. */
  readonly presenterTwins: readonly (readonly [string, string])[];
  /** Rules of the kit that cannot hold for this provider, each with the reason. */
  readonly unsupported: Readonly<Record<string, string>>;
}
