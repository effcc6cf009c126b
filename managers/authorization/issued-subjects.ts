import type { Application } from '#accessors/registration/contract.js';
import type { TokenClaims } from '#engines/permission/contract.js';
import type { IssuedClaims, SubjectReference } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { LiveQuestion } from './live-readings.js';

/** A token of ours that refers to a subject whose issuer is still trusted. */
export interface ReferredSubject {
  readonly claims: IssuedClaims;
  readonly reference: SubjectReference;
}

/** Subjects as tokens of our own refer to them. */
export class IssuedSubjects {
  constructor(private readonly deps: Pick<AuthorizationParts, 'issuerAccess'>) {}

  /**
   * `undefined`: nobody can say who the token is about, or nobody vouches for that any more.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  async referredBy(context: CallContext, claims: IssuedClaims): Promise<ReferredSubject | undefined> {
    const { reference } = claims;
    if (reference === null) return undefined;
    const issuer = await this.deps.issuerAccess.trustedIssuer(context, reference.iss);
    return issuer?.name === reference.issuer ? { claims, reference } : undefined;
  }
}

export function liveQuestionOf(tenantId: string, { claims, reference }: ReferredSubject): LiveQuestion {
  const { issuer, roles, groups, identity } = reference;
  const { acr, amr, authTime } = claims;
  const told: TokenClaims = { issuer, roles, groups, acr, amr, authTime };
  return { tenantId, subject: { by: 'identity', identity }, claimsUnder: () => told };
}

/**
 * SECURITY: a token says at most what it said when it was issued: what its client, its actor or its scope left out then is not to be
 * had by asking. What it says may be less by now, never more.
 */
export function limitsOf({ claims, reference }: ReferredSubject, { permissions }: Application): readonly string[] {
  if (reference.conditionalBits.length === 0) return claims.permissions;
  const bits = new Set(reference.conditionalBits);
  return [...claims.permissions, ...permissions.filter(({ bit }) => bits.has(bit)).map(({ name }) => name)];
}
