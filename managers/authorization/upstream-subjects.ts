import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { TokenClaims } from '#engines/permission/contract.js';
import type { SubjectReference } from '#engines/signing/contract.js';
import type { Principal, RejectedReport, ValidationReport, ValidationRequest } from '#engines/token-validation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { LiveQuestion, LiveReading } from './live-readings.js';
import { mappedValues } from './mapped-values.js';

/** A subject whose token was accepted. */
export interface ProvenSubject {
  readonly principal: Principal;
  readonly token: string;
}

type Parts = Pick<AuthorizationParts, 'tokenValidationEngine' | 'directoryAccess'>;

/** Subjects as tokens of trusted issuers tell of them. */
export class UpstreamSubjects {
  constructor(private readonly deps: Parts) {}

  validate(context: CallContext, request: ValidationRequest): Promise<ValidationReport> {
    return this.deps.tokenValidationEngine.validate(context, request);
  }

  questionOf(context: CallContext, tenantId: string, proven: ProvenSubject): LiveQuestion {
    return {
      tenantId,
      subject: { by: 'identity', identity: proven.principal.identity },
      claimsUnder: (policy) => this.claimsUnder(context, proven, policy),
    };
  }

  private claimsUnder(context: CallContext, proven: ProvenSubject, policy: PolicyVersion): TokenClaims | Promise<TokenClaims> {
    const { principal } = proven;
    if (!principal.groupsOverage) return claimsOf(principal, principal.groups);
    const mapped = mappedValues(policy, principal.issuer).groups;
    if (mapped.size === 0) return claimsOf(principal, null);
    return this.groupsOf(context, proven, [...mapped]).then((groups) => claimsOf(principal, groups));
  }

  /** `null`: no directory tells them. Only groups that the policy maps are asked for. */
  private async groupsOf(
    context: CallContext,
    { principal, token }: ProvenSubject,
    mapped: readonly string[],
  ): Promise<readonly string[] | null> {
    const subject = { kind: principal.kind, issuer: principal.issuer, ...principal.identity, token };
    const membership = await this.deps.directoryAccess.groupsOf(context, subject, mapped);
    if (membership.status === 'resolved') return membership.groups;
    const { reason: internal, retryAfterSeconds, claims } = membership;
    if (retryAfterSeconds !== undefined) throw new CodedError('DIRECTORY_UNAVAILABLE', { internal, retryAfterSeconds });
    if (claims !== undefined) throw new CodedError('TOKEN_STEP_UP_REQUIRED', { field: 'subject_token', internal, claims });
    return null;
  }
}

function claimsOf(principal: Principal, groups: readonly string[] | null): TokenClaims {
  const { issuer, roles, acr, amr, authTime } = principal;
  return { issuer, roles, groups, acr, amr, authTime };
}

/** The refusal that the first fault of a token is, whatever use case it was handed in for. */
export function refusalOfToken({ findings: [finding] }: RejectedReport, field: ValidationRequest['field']): CodedError {
  return new CodedError(finding.code, {
    field,
    internal: `${finding.check}: found ${finding.actual}; expected ${finding.expected}; ${finding.remedy}`,
    ...(finding.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: finding.retryAfterSeconds }),
    ...(finding.claims === undefined ? {} : { claims: finding.claims }),
  });
}

/** What of a subject does not come from a reading. */
type ReferredAs = Pick<SubjectReference, 'identity' | 'issuer' | 'iss'> & {
  readonly mayAct: NonNullable<SubjectReference['mayAct']> | null;
};

/** What the issued token keeps of the subject, so that it can be asked about later as it was now. */
export function referenceTo(
  { identity, issuer, iss, mayAct }: ReferredAs,
  { policy, claims }: LiveReading,
  conditionalBits: readonly number[],
): SubjectReference {
  const mapped = mappedValues(policy, issuer);
  return {
    identity,
    issuer,
    iss,
    ...(mayAct === null ? {} : { mayAct }),
    roles: only(claims.roles, mapped.roles),
    groups: claims.groups === null ? null : only(claims.groups, mapped.groups),
    conditionalBits,
  };
}

const NONE: readonly string[] = [];

function only(values: readonly string[], wanted: ReadonlySet<string>): readonly string[] {
  return wanted.size === 0 ? NONE : values.filter((value) => wanted.has(value));
}

/** Of a token that was accepted, so its form is known. */
export function issIn(token: string): string {
  const [, payload = ''] = token.split('.', 2);
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  const iss = typeof claims === 'object' && claims !== null && 'iss' in claims ? claims.iss : undefined;
  if (typeof iss !== 'string') throw new CodedError('INTERNAL', { internal: 'an accepted token without iss' });
  return iss;
}
