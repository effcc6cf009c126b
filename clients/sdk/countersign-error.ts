import { randomBytes } from 'node:crypto';

interface Meaning {
  readonly summary: string;
  readonly retryable: boolean;
}

const refused = (summary: string): Meaning => ({ summary, retryable: false });
const later = (summary: string): Meaning => ({ summary, retryable: true });

const MEANINGS = {
  TOKEN_MISSING: refused('The request has no bearer token.'),
  AUTHORIZATION_AMBIGUOUS: refused('The request has more than one authorization.'),
  TOKEN_MALFORMED: refused('The text is not a token in the one form that is accepted.'),
  TOKEN_TOO_LARGE: refused('The token is larger than any that the service issues.'),
  TOKEN_HEADER_FORBIDDEN: refused('The header of the token has a member that is never accepted.'),
  TOKEN_TYPE_MISMATCH: refused('The token is no access token.'),
  TOKEN_ALGORITHM_NOT_ALLOWED: refused('The token is not signed with the algorithm of its key.'),
  ISSUER_UNTRUSTED: refused('The token is of another issuer.'),
  TOKEN_AUDIENCE_MISMATCH: refused('The token is for another audience.'),
  TOKEN_KEY_UNKNOWN: refused('The token names no key that the issuer publishes.'),
  TOKEN_SIGNATURE_INVALID: refused('The signature of the token is not right.'),
  TOKEN_CLAIM_INVALID: refused('A claim of the token is missing or malformed.'),
  TOKEN_LIFETIME_TOO_LONG: refused('The token lasts longer than any that is accepted.'),
  TOKEN_EXPIRED: refused('The token has ended.'),
  TOKEN_NOT_YET_VALID: refused('The token is not valid yet.'),
  BINDING_NOT_SHOWN: refused('The token is bound to a key, and that key was not shown.'),
  TOKEN_KEY_REVOKED: refused('The key that signed the token is revoked, or had stopped signing.'),
  TOKEN_REVOKED: refused('The token is revoked.'),
  PERMISSION_DENIED: refused('The token does not hold the permission.'),
  STEP_UP_REQUIRED: refused('The user has to sign in again, or in a stronger way.'),
  ACCESS_UNDECIDED: refused('Nobody has decided who may do this, so nobody may.'),
  PERMISSIONS_BY_REFERENCE: refused('The token does not list its permissions: they have to be asked for.'),
  KEYS_UNAVAILABLE: later('The keys of the issuer cannot be had.'),
  CUTOFFS_UNAVAILABLE: later('What the issuer has revoked cannot be learnt.'),
} satisfies Record<string, Meaning>;

/** Stable words: they may grow in number and do not change. */
export type CountersignReason = keyof typeof MEANINGS;

export const COUNTERSIGN_REASONS = Object.keys(MEANINGS) as readonly CountersignReason[];

/** Of RFC 2606: leads nowhere, and nobody can take it over. Where a verifier or a guard is at hand, its `helpBase` takes this place. */
export const NO_HELP_BASE = 'https://countersign.example/';
const HELP = `${NO_HELP_BASE}docs/sdk/verifier.md`;

/** What would have been enough (RFC 6750 `scope`, RFC 9470 `acr_values` and `max_age`). */
export interface Demand {
  readonly permissions?: readonly string[];
  /** Any of them. */
  readonly acrValues?: readonly string[];
  readonly maxAgeSeconds?: number;
}

/**
 * Whose word it is: this package's own (`here`), the service's (`service`), that of the program that was called (`peer`), of a proxy
 * on the way (`hop`); that there was no connection (`transport`), or no token for the call in the first place (`own-token`).
 */
export type Speaker = 'here' | 'service' | 'peer' | 'hop' | 'transport' | 'own-token';

/** A refusal or failure as it was told from outside, or outside of what a verifier meets. */
export interface Told {
  /** A stable word, `AREA_REASON`: those of the service are listed under docs/errors. */
  readonly reason: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly helpUrl: string;
  readonly saidBy: Speaker;
  /** Of whoever said it; left out: a new one. */
  readonly diagnosticId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly demand?: Demand | undefined;
}

/**
 * The one error of this package, on both sides of a call. Its message says nothing of what a token holds and is safe for any caller.
 */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  /** One of `COUNTERSIGN_REASONS`, of the reasons of callers, or what the service said. */
  readonly reason: string;
  /** Whether the same call may succeed later: the answer to the caller is 503 then, and never 401. */
  readonly retryable: boolean;
  /** Absolute. */
  readonly helpUrl: string;
  /** For the log of the one who refuses and for the one who was refused; says nothing by itself. */
  readonly diagnosticId: string;
  readonly saidBy: Speaker;
  /** How long to wait, where somebody said so. */
  readonly retryAfterSeconds: number | null;
  /** `null`: nothing else would have helped, or nobody said what. */
  readonly demand: Demand | null;

  constructor(of: CountersignReason | Told, cause?: unknown) {
    const told = typeof of === 'string' ? meant(of) : of;
    super(told.message, cause === undefined ? undefined : { cause });
    this.reason = told.reason;
    this.retryable = told.retryable;
    this.helpUrl = told.helpUrl;
    this.saidBy = told.saidBy;
    this.diagnosticId = told.diagnosticId ?? randomBytes(16).toString('hex');
    this.retryAfterSeconds = told.retryAfterSeconds ?? null;
    this.demand = told.demand ?? null;
  }
}

/** An error of this package's own that says what would have been enough. */
export function demanding(reason: CountersignReason, demand: Demand): CountersignError {
  return new CountersignError({ ...meant(reason), demand });
}

/** The address of its explanation, below the documentation that is kept at `base`, which ends with `/`. */
export function helpUrlAt(base: string, { helpUrl }: CountersignError): string {
  return helpUrl.startsWith(NO_HELP_BASE) ? base + helpUrl.slice(NO_HELP_BASE.length) : helpUrl;
}

/** Documentation that is kept there, with the `/` that `helpUrlAt` needs. @throws TypeError */
export function helpBaseOf(text: string): string {
  const base = text.endsWith('/') ? text : `${text}/`;
  if (!/^https?:/.test(base) || !URL.canParse(base)) throw new TypeError('helpBase is a web address');
  return base;
}

/** The same refusal, with the same diagnostic id, explained below `base`. */
export function explainedAt(base: string, error: CountersignError): CountersignError {
  const { reason, message, retryable, saidBy, diagnosticId, demand, retryAfterSeconds, cause } = error;
  const helpUrl = helpUrlAt(base, error);
  const told = { reason, message, retryable, saidBy, diagnosticId, helpUrl };
  return new CountersignError({ ...told, demand: demand ?? undefined, retryAfterSeconds: retryAfterSeconds ?? undefined }, cause);
}

function meant(reason: CountersignReason): Told {
  const { summary: message, retryable } = MEANINGS[reason];
  return { reason, message, retryable, helpUrl: `${HELP}#${reason.toLowerCase()}`, saidBy: 'here' };
}
