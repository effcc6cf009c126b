/**
 * Hides the sequence of authenticating a caller and of exchanging a token. Called by Clients, one operation a use case.
 */
import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export type ClientCredentials =
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientId: string; readonly clientSecret: string }
  /** Nothing usable was sent. */
  | { readonly method: 'none' };

/** A caller that `authenticate` has proven. Only this Manager makes one. */
export interface AuthenticatedClient {
  readonly registration: RegisteredClient;
  readonly method: 'client_secret_basic' | 'client_secret_post';
}

/** An operator whom `authorizeOperator` let in. Only this Manager makes one. */
export interface Operator {
  /** `sub` of the operator's token. */
  readonly subject: string;
  /** `jti` of the operator's token. */
  readonly tokenId: string;
}

/** The parameters of RFC 8693 §2.1 as they were sent; `undefined`: absent or without a value. */
export interface ExchangeRequest {
  readonly subjectToken: string | undefined;
  readonly subjectTokenType: string | undefined;
  readonly actorToken: string | undefined;
  readonly actorTokenType: string | undefined;
  readonly requestedTokenType: string | undefined;
  readonly audience: readonly string[];
  readonly resource: readonly string[];
  readonly scope: string | undefined;
  /** Slug of the tenant, where a subject is known in several. */
  readonly tenant: string | undefined;
  /** Whether the request asks for impersonation in any spelling. */
  readonly impersonation: boolean;
}

export interface ExchangeResult {
  readonly accessToken: string;
  readonly issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token' | 'urn:ietf:params:oauth:token-type:jwt';
  readonly tokenType: 'Bearer';
  readonly expiresInSeconds: number;
  readonly scope: string;
}

export interface AuthorizationManager {
  /**
   * Proves who calls. Failures are counted, not recorded: nobody unauthenticated can fill the audit trail.
   *
   * @throws CodedError `CLIENT_UNAUTHENTICATED`, `STORE_UNAVAILABLE`
   */
  authenticate(context: CallContext, credentials: ClientCredentials): Promise<AuthenticatedClient>;

  /**
   * Lets an operator do what needs `permission`: the bearer of a current token of ours for the audience `countersign`, issued in
   * the tenant `platform` to the operator directly, with that permission in it.
   *
   * @param token the bearer token as it was received; `undefined`: none was
   * @throws CodedError `OPERATOR_UNAUTHENTICATED`, `OPERATOR_NOT_PERMITTED`, `SIGNING_UNAVAILABLE`
   */
  authorizeOperator(context: CallContext, token: string | undefined, permission: string): Promise<Operator>;

  /**
   * Exchanges a token of a trusted issuer for one of ours with the subject's permissions at one target. When this returns, and
   * when it throws a refusal, the audit record is durable.
   *
   * @throws CodedError any code of the catalogue but operator codes
   */
  exchange(context: CallContext, client: AuthenticatedClient, request: ExchangeRequest): Promise<ExchangeResult>;
}

export const AUTHORIZATION_MANAGER: unique symbol = Symbol('AuthorizationManager');
