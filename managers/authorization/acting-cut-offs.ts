import type { RevocableToken, RevocationTarget } from '#accessors/grants/revocation.contract.js';
import type { ActorClaim } from '#engines/delegation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuthorizationParts } from './authorization.parts.js';

/** A token in which somebody may act. */
export interface ActingToken extends Pick<RevocableToken, 'tenant' | 'clientId' | 'issuedAt'> {
  readonly act: ActorClaim | null;
}

/**
 * What cuts off one of those who act in the token; `undefined`: nothing.
 *
 * SECURITY: by when the token itself was issued: each of them was there in the tenant's name then. What its subject came from may be
 * older than a cut-off after which the actor has proven itself again.
 *
 * @throws CodedError `REVOCATIONS_UNKNOWN`
 */
export function actorCutOffOf(
  { revocationAccess }: Pick<AuthorizationParts, 'revocationAccess'>,
  context: CallContext,
  { act, tenant, clientId, issuedAt }: ActingToken,
): RevocationTarget | undefined {
  for (let actor = act; actor !== null; actor = actor.act ?? null) {
    const revoked = revocationAccess.revokes(context, { tokenId: null, tenant, subject: actor.sub, clientId, issuedAt });
    if (revoked !== undefined) return revoked;
  }
  return undefined;
}
