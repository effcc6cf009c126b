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

/** What is known of the token that is handed in about the subject. Verified; nothing in it is taken on trust. */
export interface PresentedSubject {
  /** `upstream`: of a trusted issuer. `issued`: one of ours. */
  readonly origin: 'upstream' | 'issued';
  /** `sub` that our tokens about it have. */
  readonly subject: string;
  readonly tenant: string;
  /** How the client stands to a token of a trusted issuer; for one of ours: whether it was issued to this client, or for its API. */
  readonly presenter: 'own' | 'on-behalf-of';
  /** `aud` of one of ours; `null` for a token of another issuer. */
  readonly audience: string | null;
  /** `client_id` of one of ours; `null` for a token of another issuer. */
  readonly clientId: string | null;
  /** Who acts already. */
  readonly act: ActorClaim | null;
  /** Only these may become the actor (`may_act`); `null`: it does not say. */
  readonly mayAct: readonly { readonly sub: string }[] | null;
  /** `cnf`: the token is bound to a key. */
  readonly confirmation: Readonly<Record<string, string>> | null;
  /** Unix seconds: when the first token of the chain was issued by its identity provider. */
  readonly originIssuedAt: number;
  /** How many exchanges of ours lie behind it; 0 for a token of another issuer. */
  readonly depth: number;
}

/** A verified `actor_token`. */
export interface PresentedActor {
  /** `sub` that our tokens name it by. */
  readonly subject: string;
  readonly tenant: string | null;
  readonly identity: UpstreamIdentity | null;
  /** Client that the token belongs to, where it is a registered client. */
  readonly clientId: string | null;
  readonly confirmation: Readonly<Record<string, string>> | null;
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
  readonly shown: readonly Readonly<Record<string, string>>[];
  readonly subject: PresentedSubject;
  readonly actor: PresentedActor | null;
  readonly impersonation: boolean;
  /** What the client may ask for at the target; the target is known and allowed. */
  readonly target: ClientTarget;
}

export type GrantCase = 'own' | 'on-behalf-of' | 'impersonation';

/** What a token may say and give at most. */
export interface GrantLimits {
  readonly case: GrantCase;
  /** Put into the token; `null`: none. */
  readonly act: ActorClaim | null;
  /** Permission names and patterns; the result is within every one of these lists. */
  readonly within: readonly (readonly string[])[];
  /** `cnf` of the token; `null`: a bearer token. */
  readonly confirmation: Readonly<Record<string, string>> | null;
  readonly originIssuedAt: number;
  readonly depth: number;
  /** Unix seconds that the token must not outlive because of the actor; `null`: no such limit. */
  readonly notAfter: number | null;
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
  /** Grants that it applies to: all, unless the reason is given why not. */
  readonly cases: readonly GrantCase[];
  readonly source: string;
}

export interface DelegationEngine {
  /** Judges by every restriction, in one order. The first that refuses decides. */
  admit(question: GrantQuestion): GrantVerdict;

  /** Every restriction that `admit` judges by, in its order. */
  restrictions(): readonly Restriction[];
}

export const DELEGATION_ENGINE: unique symbol = Symbol('DelegationEngine');
