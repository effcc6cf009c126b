/**
 * Hides the sequence of telling whether a token is current, and of ending it before its time. Called by Clients.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { CallingClient } from './contract.js';

/** RFC 7662 §2.2. An inactive answer says nothing else, whatever the reason. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true;
      /** Members of the token that its audience may see, by their names in RFC 7662 and RFC 8693 §4; `permissions` and `tenant` as in the token. */
      readonly claims: Readonly<Record<string, unknown>>;
    };

export interface TokenStatus {
  /**
   * Whether a token of ours is current, for its audience (a client that serves the application or may ask about it) or the client that
   * it was issued to. Current is what has not ended, is not revoked, and whose client, issuer, subject and tenant still count. To
   * anybody else, and of anything else, `active: false`.
   *
   * @throws CodedError `CLIENT_UNAUTHENTICATED`, `REVOCATIONS_UNKNOWN`, `SIGNING_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  introspect(context: CallContext, client: CallingClient, token: string): Promise<Introspection>;

  /**
   * Ends a token of ours that was issued to this client (RFC 7009). What is no token of ours, or not this client's, changes nothing
   * and is no error. An unproven one has to be the public client that it says it is, and that the token names. When it returns, the
   * revocation and its record are durable, and every replica has been told.
   *
   * @throws CodedError `CLIENT_UNAUTHENTICATED`, `REVOCATIONS_UNKNOWN`, `SIGNING_UNAVAILABLE`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  revoke(context: CallContext, client: CallingClient, token: string): Promise<void>;
}

export const TOKEN_STATUS: unique symbol = Symbol('TokenStatus');
