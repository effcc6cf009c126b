/**
 * The plug-in point for kinds of identity providers. An implementation is a named factory, `createXIdentityProvider()`; it does
 * no input or output, keeps no state and never throws for what a token holds.
 * The engine chooses the plug-in by the trusted issuer's configuration, never by the token.
 */
import type { TrustedIssuer, VerificationKey } from '#accessors/issuer/contract.js';
import type { ErrorCode } from '#utilities/errors/catalogue.js';
import type { Principal } from './contract.js';

/** A JSON object of a token as it was received: every member is of unknown type until a check has looked at it. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a check found wrong. */
export interface Fault {
  readonly code: ErrorCode;
  /** What the token has; never the token itself. */
  readonly actual: string;
  readonly expected: string;
  /** The next step, where it is known better than the catalogue knows it. */
  readonly remedy?: string;
  /** Set when the fault is transient. */
  readonly retryAfterSeconds?: number;
  /** As in `Finding`. */
  readonly claims?: string;
}

/** A token whose issuer is trusted. `iss`, `sub`, `aud`, `exp` and `iat` are there and of their types; everything else is unknown. */
export interface TokenOfIssuer {
  readonly header: Claims;
  readonly claims: Claims;
  readonly issuer: TrustedIssuer;
  /** The key that `kid` names; `null` while it is not known, which happens in diagnosis alone. */
  readonly key: VerificationKey | null;
}

/** A rule about claims that only tokens of this kind of provider have. */
export interface ProviderCheck {
  /** Unique among all checks. */
  readonly name: string;
  /** What is wrong with the token by this rule; `undefined`: nothing. */
  run(token: TokenOfIssuer): Fault | undefined;
}

/** Which client of the identity provider the token was issued to, as its provider says it. */
export type PresenterClaim =
  | { readonly status: 'named'; readonly id: string }
  | { readonly status: 'absent' }
  /** Two claims name two clients. */
  | { readonly status: 'conflict'; readonly actual: string };

export type ProviderPrincipal = Pick<Principal, 'identity' | 'roles' | 'groups' | 'groupsOverage'>;

export interface IdentityProvider {
  /** The value of `provider` in the configuration of an issuer; unique. */
  readonly name: TrustedIssuer['provider'];

  /** Rules of this provider, in order. They run after the signature and the claims that every token has. */
  readonly checks: readonly ProviderCheck[];

  /** Which genuine tokens are accepted, in order. They run after audience and times, before the presenter. */
  readonly acceptance?: readonly ProviderCheck[];

  /** Values of `typ` that mark access tokens of this issuer, in any case, with or without `application/`; `null`: no `typ` at all. */
  acceptedTypes(issuer: TrustedIssuer): readonly (string | null)[];

  /**
   * What the token evidently is for, if not for an API of ours: the wrong kind of token is named before anything else is said
   * about it. The token is unverified: this can refuse it, and do nothing else.
   */
  purposeFault?(header: Claims, claims: Claims): Fault | undefined;

  /** Whether these claims are those of an access token although they hold `nonce`. Left out: never. */
  mayCarryNonce?(claims: Claims, issuer: TrustedIssuer): boolean;

  /** Whether the claims are those of an ID token, beyond the signs that every ID token has. */
  isIdToken(claims: Claims): boolean;

  /** The client that the token was issued to; two claims that disagree are a conflict, never a choice. */
  presenterOf(claims: Claims, issuer: TrustedIssuer): PresenterClaim;

  /** Whether the token is about a person or about software that signed in as itself. */
  kindOf(claims: Claims, issuer: TrustedIssuer): Principal['kind'];

  /** Who the token is about. Called with claims that are verified and have passed every check. */
  toPrincipal(claims: Claims, issuer: TrustedIssuer): ProviderPrincipal;

  /** A next step for this fault that knows the provider; `undefined`: the catalogue's serves. The token may be unverified: words only. */
  remedyFor(fault: Fault, token: { readonly header: Claims; readonly claims: Claims }): string | undefined;

  /** Whether an unverified token looks like one of this kind of provider. Serves diagnosis alone. */
  recognises(header: Claims, claims: Claims): boolean;
}

/** At least one, names unique. */
export const IDENTITY_PROVIDERS: unique symbol = Symbol('IdentityProviders');
