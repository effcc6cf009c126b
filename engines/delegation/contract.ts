/**
 * Hides who may exchange what for whom: presenters, actors, hops, bindings. The one place that every grant passes.
 * Called by Managers. Pure: no I/O, no clock of its own. What permissions come out is for the PermissionEngine, within the limits
 * that this Engine sets.
 */
import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { ClientTarget, RegisteredClient } from '#accessors/registration/contract.js';
import type { ErrorCode } from '#utilities/errors/catalogue.js';

/** Somebody who acts for the subject; RFC 8693 §4.1. The outermost is the current actor. */
export interface ActorClaim {
  /** As in our tokens. */
  readonly sub: string;
  readonly act?: ActorClaim;
}

/** `cnf` of a token, or a key that was shown: RFC 7800 §3.1. One member. */
export type KeyName = Readonly<Record<string, string>>;

/** Who may become the actor, as the subject token says it; RFC 8693 §4.4. What is `null` is not said. */
export interface MayAct {
  /** Name of the trusted issuer that gave the names below; `null`: nobody whom this service knows. */
  readonly issuer: string | null;
  readonly sub: string | null;
  readonly clientId: string | null;
}

/** What one of our own tokens says of itself. */
export interface IssuedTerms {
  readonly audience: string;
  readonly clientId: string;
  /** Permission names that it holds, and those that it left to Check. */
  readonly permissions: readonly string[];
  readonly impersonated: boolean;
}

/** What is known of the token that is handed in about the subject. Verified; nothing in it is taken on trust. */
export interface PresentedSubject {
  /** `sub` that our tokens about it have. */
  readonly subject: string;
  /** Slug of the tenant that the token to be issued is for. */
  readonly tenant: string;
  /** How the client stands to a token of a trusted issuer; `null` for one of ours, whose own terms tell. */
  readonly presenter: 'own' | 'on-behalf-of' | null;
  /** `null`: a token of a trusted issuer. */
  readonly issued: IssuedTerms | null;
  /** Who acts already. */
  readonly act: ActorClaim | null;
  /** Only whom it names may become the actor; `null`: it does not say. */
  readonly mayAct: MayAct | null;
  /** `cnf`: the token is bound to a key. */
  readonly confirmation: KeyName | null;
  /** Unix seconds: when the first token of the chain was issued. */
  readonly originIssuedAt: number;
  /** Unix seconds: for how long the issuer of the origin lets tokens of this kind be used. */
  readonly originEndsAt: number;
  /** How many exchanges of ours lie behind it; 0 for a token of another issuer. */
  readonly depth: number;
}

/** A verified `actor_token`. */
export interface PresentedActor {
  /** `sub` that our tokens name it by. */
  readonly subject: string;
  /** Slugs of the tenants that it belongs to. */
  readonly tenants: readonly string[];
  /** Who it is at the trusted issuer of that name. */
  readonly issuer: string;
  readonly identity: UpstreamIdentity;
  /** Whether the token was issued to the very client that presents it. */
  readonly isOwn: boolean;
  /** Whether somebody acts for the actor, or has taken its place: it is not there itself then. */
  readonly isActedFor: boolean;
  readonly confirmation: KeyName | null;
  /** Unix seconds. */
  readonly expiresAt: number;
}

export interface GrantQuestion {
  readonly client: RegisteredClient;
  /** `sub` that our tokens name the client by. */
  readonly clientSubject: string;
  /** Whether the client itself was authenticated; a public client was not. */
  readonly clientIsProven: boolean;
  /** Keys that the caller has shown to hold in this call. */
  readonly shown: readonly KeyName[];
  readonly subject: PresentedSubject;
  readonly actor: PresentedActor | null;
  readonly impersonation: boolean;
  /** What the client may ask for at the target. */
  readonly target: ClientTarget;
  /** Whether a token comes of it; if not, it is a question about what one would say, and nothing has to be bound. */
  readonly issues: boolean;
  /** Unix seconds. */
  readonly now: number;
}

/** `own`: nobody acts. `on-behalf-of`: somebody acts, and `act` says who. `impersonation`: somebody acts and `act` does not say. */
export type GrantCase = 'own' | 'on-behalf-of' | 'impersonation';

/** What a token may say and give at most. */
export interface GrantLimits {
  readonly case: GrantCase;
  /** Put into the token; `null`: none. */
  readonly act: ActorClaim | null;
  /** The token says of itself that it is an impersonation: it is, or it comes from one that was. */
  readonly impersonated: boolean;
  /** Permission names and patterns; the result is within every one of these lists. Never empty: the client's own boundary is first. */
  readonly within: readonly (readonly string[])[];
  /** `cnf` of the token; `null`: a bearer token. */
  readonly confirmation: KeyName | null;
  readonly originIssuedAt: number;
  readonly depth: number;
  /** Unix seconds that the token must not outlive, whatever its subject token says. */
  readonly notAfter: number;
}

export type GrantVerdict =
  | { readonly granted: true; readonly limits: GrantLimits }
  | {
      readonly granted: false;
      readonly code: ErrorCode;
      /** Parameter at fault. */
      readonly field: string;
      /** For operators: which rule, what it found, what it wanted. */
      readonly because: string;
    };

/** A restriction by name, so that a test can take each away and see that something notices. */
export interface Restriction {
  readonly name: string;
  /** Grants that it applies to. */
  readonly cases: readonly GrantCase[];
  /** Grants that it does not apply to, each with the reason: with `cases`, they are all. */
  readonly exempt: Readonly<Partial<Record<GrantCase, string>>>;
  /** Where the rule comes from. */
  readonly source: string;
}

export interface DelegationEngine {
  /** Judges by every restriction, in one order. The first that refuses decides. What no restriction provides for is refused. */
  admit(question: GrantQuestion): GrantVerdict;

  /** Every restriction that `admit` judges by, in its order. */
  restrictions(): readonly Restriction[];
}

export const DELEGATION_ENGINE: unique symbol = Symbol('DelegationEngine');
