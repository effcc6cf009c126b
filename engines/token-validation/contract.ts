/**
 * Hides how the identity in a token is proven: formats, issuers, clock rules, claim shapes.
 * Called by Managers. Judges and reports; it never throws for a bad token, and nothing here issues anything.
 */
import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { TenantRule } from '#accessors/issuer/contract.js';
import type { IssuerScopedId } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ErrorCode } from '#utilities/errors/catalogue.js';

export interface ValidationRequest {
  /** Compact JWS as it was received. */
  readonly token: string;
  /** The form or message field that the token came in, for the error. */
  readonly field: 'subject_token' | 'actor_token';
  /**
   * Who hands the token in. `null`: whoever the token itself names, which it then has to do; the caller settles from
   * `principal.presenterId` who that is, and refuses everybody else.
   */
  readonly presenter: PresenterExpectation | null;
  /** Keys that were shown, as `cnf` names them: a bound token is good with one of these alone. Left out: none was. */
  readonly shown?: readonly Readonly<Record<string, string>>[];
}

export interface PresenterExpectation {
  readonly ownPresenters: readonly IssuerScopedId[];
  readonly listedPresenters: readonly IssuerScopedId[];
  readonly apiAudiences: readonly IssuerScopedId[];
}

/** Who the token is about, from verified claims alone. */
export interface Principal {
  readonly kind: 'user' | 'workload';
  readonly identity: UpstreamIdentity;
  /** Name of the trusted issuer. */
  readonly issuer: string;
  /** `own`: the token was issued to the client that hands it in. */
  readonly case: 'own' | 'on-behalf-of';
  /** The client at the identity provider that the token was issued to; `null`: it names none. Means something with `issuer` alone. */
  readonly presenterId: string | null;
  /** Who acts for the subject already, at the identity provider; the current actor first. `iss`: `null` where it is that of the token. */
  readonly actors: readonly { readonly sub: string; readonly iss: string | null }[];
  /** Who may become the actor (`may_act`); `null`: the token does not say. */
  readonly mayAct: { readonly iss: string | null; readonly sub: string | null; readonly clientId: string | null } | null;
  /** The key that it is bound to, which was shown; `null`: a bearer token. */
  readonly confirmation: Readonly<Record<string, string>> | null;
  /** Tenants here that the rules of the issuer give for this token: none, one or several. */
  readonly tenants: readonly TenantRule[];
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** The issuer left the groups out because there are too many. */
  readonly groupsOverage: boolean;
  readonly acr: string | null;
  readonly amr: readonly string[];
  /** Unix seconds, like the two below. */
  readonly authTime: number | null;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** One check's result. */
export interface Finding {
  /** Name of the check: its file name without `.check.ts`. */
  readonly check: string;
  readonly code: ErrorCode;
  /** What the token has and what was expected; for operators, since both may name configuration. Never the token itself. */
  readonly actual: string;
  readonly expected: string;
  /** The next step, from the provider where it knows better than the catalogue. */
  readonly remedy: string;
  /** Set when the fault is transient. */
  readonly retryAfterSeconds?: number;
  /** Base64 of a claims request (OpenID Connect Core §5.5): the client can acquire a token with it that passes this check. */
  readonly claims?: string;
}

export interface AcceptedReport {
  readonly outcome: 'accepted';
  readonly principal: Principal;
  /** SHA-256 of `header.payload`, hex. */
  readonly tokenSha256: string;
}

export interface RejectedReport {
  readonly outcome: 'rejected';
  /** In the order of the checks; never empty. `validate` answers one. */
  readonly findings: readonly [Finding, ...Finding[]];
  /** Name of the trusted issuer, once it is known. */
  readonly issuer: string | null;
  /** As in `AcceptedReport`, once the token has three parts. */
  readonly tokenSha256: string | null;
}

export type ValidationReport = AcceptedReport | RejectedReport;

/** Everything that can be said about a token. Unless `signatureProven`, what it says of itself serves diagnosis text alone. */
export interface Inspection {
  readonly report: ValidationReport;
  /** Every check in its order; `not-run`: what it builds on was not there. */
  readonly checks: readonly { readonly check: string; readonly outcome: 'passed' | 'failed' | 'not-run' }[];
  /** Its members as they were read; `null`: it has no such form. Never the signature. */
  readonly token: { readonly header: JsonMembers; readonly claims: JsonMembers } | null;
  readonly signatureProven: boolean;
}

/** Members of a JSON object. */
export type JsonMembers = Readonly<Record<string, unknown>>;

export interface TokenValidationEngine {
  /** Judges the token and stops at the first fault. @throws CodedError `STORE_UNAVAILABLE` */
  validate(context: CallContext, request: ValidationRequest): Promise<ValidationReport>;

  /**
   * Judges the token by the same checks without stopping: every check that can run on what is there runs.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  inspect(context: CallContext, request: ValidationRequest): Promise<Inspection>;
}

export const TOKEN_VALIDATION_ENGINE: unique symbol = Symbol('TokenValidationEngine');
