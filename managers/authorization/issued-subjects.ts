import type { Application } from '#accessors/registration/contract.js';
import type { TokenClaims } from '#engines/permission/contract.js';
import type { IssuedClaims, SubjectReference } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { actorCutOffOf } from './acting-cut-offs.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { LiveQuestion } from './live-readings.js';

/** A token of ours that still stands, and refers to a subject whose issuer is still trusted. */
export interface ReferredSubject {
  readonly claims: IssuedClaims;
  readonly reference: SubjectReference;
}

/** Why a genuine token does not count any more; for operators. */
export interface FallenToken {
  readonly fallen: string;
}

type Parts = Pick<AuthorizationParts, 'issuerAccess' | 'registrationAccess' | 'revocationAccess'>;

/** Subjects as tokens of our own refer to them. */
export class IssuedSubjects {
  constructor(private readonly deps: Parts) {}

  /**
   * Whom the token is about, if it still counts: nothing of it is revoked, its client is still active, and the issuer that vouched
   * for the subject is still trusted.
   *
   * @throws CodedError `REVOCATIONS_UNKNOWN`, `STORE_UNAVAILABLE`
   */
  async referredBy(context: CallContext, claims: IssuedClaims): Promise<ReferredSubject | FallenToken> {
    const fallen = await this.fallOf(context, claims);
    if (fallen !== undefined) return { fallen };
    const { reference } = claims;
    if (reference === null) return { fallen: 'nobody can say whom it is about' };
    const issuer = await this.deps.issuerAccess.trustedIssuer(context, reference.iss);
    return issuer?.name === reference.issuer
      ? { claims, reference }
      : { fallen: 'nobody vouches any more for whom it refers to' };
  }

  /** As `referredBy`, for those who do not ask about the subject; `undefined`: it counts. @throws as `referredBy` */
  async fallOf(context: CallContext, claims: IssuedClaims): Promise<string | undefined> {
    const revoked = this.deps.revocationAccess.revokes(context, claims);
    if (revoked !== undefined) return `its ${revoked.by} was revoked`;
    const actor = actorCutOffOf(this.deps, context, claims);
    if (actor !== undefined) return `the ${actor.by} of somebody who acts in it was revoked`;
    // SECURITY: a client that was disabled is out at once, with all that it holds.
    const client = await this.deps.registrationAccess.clientNamed(context, claims.clientId);
    return client === undefined ? 'the client that it was issued to is not active' : undefined;
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
  const { conditionalBits, grantedBits = NO_BITS } = reference;
  if (conditionalBits.length === 0 && grantedBits.length === 0) return claims.permissions;
  const bits = new Set([...conditionalBits, ...grantedBits]);
  return [...claims.permissions, ...permissions.filter(({ bit }) => bits.has(bit)).map(({ name }) => name)];
}

const NO_BITS: readonly number[] = [];
