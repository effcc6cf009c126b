import type { SubjectFacts, UpstreamIdentity } from '#accessors/facts/contract.js';
import type { RevocableToken, RevocationTarget } from '#accessors/grants/revocation.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { kindOf } from './handed-in.js';
import type { ReferredSubject } from './issued-subjects.js';

type Parts = Pick<AuthorizationParts, 'revocationAccess' | 'signingEngine'>;

/** A token that says who its subject is, as far as cut-offs concern it. */
export interface ProvingToken extends Pick<RevocableToken, 'origin'> {
  readonly kind: 'user' | 'workload';
  /** The one that `sub` of our tokens is derived from: where a stored subject links several, its primary one. */
  readonly identity: UpstreamIdentity;
  /** Slug of the tenant that it was taken for. */
  readonly tenant: string;
  /** Our client that handed it in; of one of ours, that it was issued to. */
  readonly clientId: string;
  /** Unix seconds: `iat`. */
  readonly issuedAt: number;
}

/** One of ours, by the identity that it refers to. */
export function provingIn({ claims, reference }: ReferredSubject): ProvingToken {
  const { subject, tenant, clientId, issuedAt, origin } = claims;
  return { kind: kindOf(subject), identity: reference.identity, tenant, clientId, issuedAt, origin };
}

/** By the identity that its subject is known by now. */
export function asKnown(token: ProvingToken, { subject }: Pick<SubjectFacts, 'subject'>): ProvingToken {
  return subject === null ? token : { ...token, identity: subject.primaryIdentity };
}

/**
 * What cuts the token off; `undefined`: nothing.
 *
 * SECURITY: what was cut off is not to be had again for a token that the identity provider issued before: its holder has to go there
 * and prove again who it is.
 *
 * @throws CodedError `REVOCATIONS_UNKNOWN`
 */
export function cutOffOf(deps: Parts, context: CallContext, token: ProvingToken): RevocationTarget | undefined {
  const { tenant, clientId, issuedAt, origin } = token;
  const subject = deps.signingEngine.subjectOf(context, token.kind, token.identity);
  return deps.revocationAccess.revokes(context, {
    tokenId: null,
    tenant,
    subject,
    clientId,
    issuedAt,
    ...(origin === undefined ? {} : { origin }),
  });
}

/** The same where the name of the subject is known. What `verifyIssued` says of a token of ours can be given as it is. @throws CodedError `TOKEN_REVOKED`, `REVOCATIONS_UNKNOWN` */
export function refuseRevoked(deps: Pick<Parts, 'revocationAccess'>, context: CallContext, token: RevocableToken): void {
  const revoked = deps.revocationAccess.revokes(context, token);
  if (revoked !== undefined) throw refusal(revoked);
}

function refusal({ by }: RevocationTarget): CodedError {
  return new CodedError('TOKEN_REVOKED', { field: 'subject_token', internal: `its ${by} was revoked` });
}
