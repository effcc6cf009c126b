/**
 * Hides what an issued token contains, how it is signed and verified, and when keys change. Called by Managers.
 * A token holds only what its audience needs: no names, no addresses, no upstream claims.
 */
import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { Keyring, SigningAlgorithm } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** Who a token is about, for questions that come with it later. Only this service can read it. */
export interface SubjectReference {
  readonly identity: UpstreamIdentity;
  /** Name of the trusted issuer. */
  readonly issuer: string;
  /** `iss` of its token, which that issuer owned. */
  readonly iss: string;
  /** Of its claims, the values that the policy maps. */
  readonly roles: readonly string[];
  /** `null`: unknown, as in the claims. */
  readonly groups: readonly string[] | null;
  /** Bits of the permissions that were left to Check when the token was issued; ascending. */
  readonly conditionalBits: readonly number[];
  /** Bits of the permissions that were granted, of a token that does not name them; left out: it names them. */
  readonly grantedBits?: readonly number[];
  /** Who alone may begin to act for the subject, where its first token said so; left out: it did not. */
  readonly mayAct?: { readonly issuer: string | null; readonly sub: string | null; readonly clientId: string | null };
}

/** RFC 8693 §4.1: the outermost is the current actor. */
export interface ActorChain {
  readonly sub: string;
  readonly act?: ActorChain;
}

export interface MintRequest {
  readonly kind: 'user' | 'workload';
  /** What `sub` is derived from. */
  readonly identity: UpstreamIdentity;
  readonly clientId: string;
  /** Client id of the actor; `null`: no `act` claim, unless `act` says otherwise. */
  readonly actorClientId: string | null;
  /** The whole chain of actors, in the place of `actorClientId`. */
  readonly act?: ActorChain;
  /** The key that the token is bound to: `cnf` (RFC 7800 §3.1). Left out: a bearer token. */
  readonly confirmation?: Readonly<Record<string, string>>;
  /** When the token that the chain began with was issued, in Unix seconds, and how many exchanges lie between. Left out: this is the first. */
  readonly origin?: { readonly issuedAt: number; readonly depth: number };
  /** Somebody else than the subject asked for it, and no `act` tells so: the token says that it is an impersonation. */
  readonly impersonated?: boolean;
  readonly audience: string;
  /** What the audience wants its tokens signed with. */
  readonly algorithm: SigningAlgorithm;
  readonly tenant: string;
  readonly permissions: readonly string[];
  /**
   * Bits of `permissions`. With them, a token that would be longer than 7 KiB says `permissions_ref` in the place of permissions and
   * details, which are to be asked for then. Left out: it holds them whatever its size.
   */
  readonly permissionBits?: () => readonly number[];
  readonly scope: string;
  /** RFC 9396, as they are put in; empty: left out. */
  readonly details: readonly object[];
  /** How many permissions only Check can decide: `cnd`; 0: left out. */
  readonly conditionalCount: number;
  /** Sealed into the token. */
  readonly reference: SubjectReference;
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly authTime: number | null;
  readonly policyVersion: string;
  readonly epoch: number;
  /** Wanted life in seconds; `null`: the default of the service. */
  readonly lifetimeSeconds: number | null;
  /** Unix seconds that the token must not outlive: `exp` of the subject token, or when its permissions change if that is sooner. */
  readonly notAfter: number;
}

export interface IssuedToken {
  /** Compact JWS, `typ: at+jwt`. */
  readonly token: string;
  /** Its permissions are to be asked for: they would have made it too large. Never cut short. */
  readonly byReference: boolean;
  readonly tokenId: string;
  readonly kid: string;
  readonly subject: string;
  readonly actor: string | null;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Times that rotation keeps to, all in seconds. */
export interface RotationPolicy {
  /** What the keyring signs with: each has a key of its own. */
  readonly algorithms: readonly SigningAlgorithm[];
  /** Whether each algorithm also has a key that stands by, public and never active. */
  readonly standby?: boolean;
  /** R: how long a key signs. */
  readonly periodSeconds: number;
  /** How long a key is public before it signs. */
  readonly prePublishSeconds: number;
  /** How long a key stays public after it signed last. */
  readonly retireAfterSeconds: number;
  /** `max-age` of our JWKS. */
  readonly jwksMaxAgeSeconds: number;
  /** `stale-if-error` of our JWKS: how much longer caches on the way may serve it. */
  readonly jwksStaleIfErrorSeconds: number;
  /** C: the longest time for which a verifier keeps our JWKS without asking again. */
  readonly verifierCacheSeconds: number;
  /** P: longest time between a change of the keyring and the last replica that knows of it. */
  readonly propagationSeconds: number;
  /** S: clock difference between us and verifiers. */
  readonly skewSeconds: number;
  /** L: how long after `exp` a verifier may still accept a token. */
  readonly leewaySeconds: number;
  /** T: longest life of a token. */
  readonly maxTokenSeconds: number;
}

/** A time of the policy that is too short for the others. */
export interface SafetyFault {
  readonly member: 'periodSeconds' | 'prePublishSeconds' | 'retireAfterSeconds' | 'verifierCacheSeconds';
  readonly actual: number;
  /** Least value that is safe. */
  readonly least: number;
  /** The sum behind it, in words. */
  readonly because: string;
}

export type RotationStepKind = 'stage' | 'publish' | 'activate' | 'retire' | 'remove';

export interface RotationStep {
  readonly kind: RotationStepKind;
  readonly algorithm: SigningAlgorithm;
  /** `null`: a key that is not made yet. */
  readonly kid: string | null;
  /** The key stands by, or will. */
  readonly standby?: true;
  /** With `activate`: the key that stops signing then. */
  readonly replaces: string | null;
  /** Unix milliseconds of the database. */
  readonly dueAt: number;
  readonly because: string;
}

export type IssuedTokenFault =
  | 'malformed'
  | 'key-unknown'
  | 'algorithm-mismatch'
  | 'signature-invalid'
  | 'type-mismatch'
  | 'issuer-mismatch'
  | 'audience-mismatch'
  | 'expired'
  | 'not-yet-valid'
  | 'outside-key-window'
  | 'claims-incomplete'
  /** It carries `cnf`, and nobody has shown the key. */
  | 'sender-constrained';

/** What a genuine token of ours says. */
export interface IssuedClaims {
  readonly tokenId: string;
  readonly kid: string;
  readonly subject: string;
  readonly clientId: string;
  readonly actor: string | null;
  /** `null`: nobody acts for the subject. */
  readonly act: ActorChain | null;
  /** `null`: a bearer token. */
  readonly confirmation: Readonly<Record<string, string>> | null;
  /** When the token that the chain began with was issued; where nothing is said of it, this one. And how many exchanges it is from there. */
  readonly origin: { readonly issuedAt: number; readonly depth: number };
  readonly impersonated: boolean;
  readonly audience: string;
  readonly tenant: string;
  readonly scope: string;
  readonly permissions: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly policyVersion: string;
  readonly epoch: number;
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly authTime: number | null;
  /** Read when it is asked for. `null`: it was issued without one, or sealed with a secret that is gone. */
  readonly reference: SubjectReference | null;
}

export interface IssuedExpectation {
  /** `null`: whichever of our audiences it is for; for those who judge the audience themselves. */
  readonly audience: string | null;
  /**
   * Keys that were shown, as `cnf` names them: a bound token is good with one of these alone. `any`: for those who answer what the
   * token is bound to, and let nobody in by it. An audience alone: nothing was shown.
   */
  readonly shown: readonly Readonly<Record<string, string>>[] | 'any';
}

export type IssuedVerdict =
  { readonly genuine: true; readonly claims: IssuedClaims } | { readonly genuine: false; readonly fault: IssuedTokenFault };

/** What offline verifiers are told not to accept. */
export interface CutoffDocument {
  readonly algorithm: SigningAlgorithm;
  /** Grows with every change of the keyring and of revocations; a verifier never goes back to a lower one. */
  readonly sequence: number;
  /** What it is the sum of. A replica may know the newer of the one and the older of the other: a verifier goes back in neither. */
  readonly sequences: { readonly keys: number; readonly revocations: number };
  readonly lifetimeSeconds: number;
  readonly revokedKeys: readonly { readonly kid: string; readonly revokedAt: number }[];
  readonly taintedKeys: readonly { readonly kid: string; readonly taintedAt: number }[];
  /** Tokens by their id; everything else as it was issued before then, in Unix seconds. */
  readonly revoked: {
    readonly tokens: readonly string[];
    readonly subjects: readonly { readonly tenant: string; readonly subject: string; readonly before: number }[];
    readonly clients: readonly { readonly clientId: string; readonly before: number }[];
    readonly tenants: readonly { readonly tenant: string; readonly before: number }[];
  };
}

export interface SigningEngine {
  /**
   * Issues one access token of the RFC 9068 profile. `exp` is the earlier of the wanted life and `notAfter`.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE`
   */
  mint(context: CallContext, request: MintRequest): Promise<IssuedToken>;

  /** `sub` of our tokens about this subject. @throws CodedError `SIGNING_UNAVAILABLE` */
  subjectOf(context: CallContext, kind: MintRequest['kind'], identity: UpstreamIdentity): string;

  /** `sub` by which our tokens name a client as an actor. @throws CodedError `SIGNING_UNAVAILABLE` */
  clientSubjectOf(context: CallContext, clientId: string): string;

  /**
   * Whether a token is one of ours for this audience, in full: strict form, a key that is still good, a signature, an `iat` inside
   * the time in which that key signed, and every time claim. Never throws for a bad token.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE` when the keyring is not known
   */
  verifyIssued(context: CallContext, token: string, expected: string | IssuedExpectation): IssuedVerdict;

  /** A consistency token: authenticated, opaque to others. */
  consistencyToken(context: CallContext, state: { readonly tenantId: string; readonly epoch: number }): string;

  /** What a consistency token says; `undefined`: it is not one of ours. */
  readConsistencyToken(context: CallContext, token: string): { readonly tenantId: string; readonly epoch: number } | undefined;

  /**
   * The signed cut-off document: compact JWS, `typ: countersign-cutoff+jwt`.
   *
   * @throws CodedError `SIGNING_UNAVAILABLE`
   */
  signCutoffs(context: CallContext, document: CutoffDocument): Promise<string>;

  /**
   * What is due, and what comes next, for each algorithm, soonest first. Pure: the same ring, policy and time give the same steps.
   * A step that waits for another one has the time at which it would be due if all goes as planned.
   */
  planRotation(ring: Keyring, policy: RotationPolicy, now: number): readonly RotationStep[];

  /** Every inequality that the policy breaks; empty when tokens are verified by everybody through every rotation. Pure. */
  safetyFaults(policy: RotationPolicy): readonly SafetyFault[];
}

export const SIGNING_ENGINE: unique symbol = Symbol('SigningEngine');
