/**
 * Hides the sequence of authenticating a caller, of exchanging a token and of deciding live. Called by Clients, one operation a use case.
 */
import type { RegisteredSubject } from '#accessors/facts/contract.js';
import type { UsedId } from '#accessors/grants/contract.js';
import type { AttributeValue } from '#accessors/policy/contract.js';
import type { ClientAuthenticationMethod, RegisteredClient } from '#accessors/registration/contract.js';
import type {
  AuthorizationDetail,
  CheckDecision,
  CheckedResource,
  ConditionalPermission,
  Explanation,
} from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export type ClientCredentials =
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientId: string; readonly clientSecret: string }
  /** `client_assertion` of the type jwt-bearer: signed by the client, or by a trusted issuer for it. */
  | { readonly method: 'client_assertion'; readonly clientId: string | undefined; readonly assertion: string }
  /** A client id alone: proven by the certificate of the connection, or a public client. */
  | { readonly method: 'client_id'; readonly clientId: string }
  /** Nothing was sent. */
  | { readonly method: 'none' }
  /** Something was sent that is no credential. */
  | { readonly method: 'unreadable' };

/** What the transport has of keys that the caller holds. Nothing here is judged yet. */
export interface PresentedKeys {
  /** Certificate of the TLS client, here or at a proxy that is listed; `null`: none. */
  readonly certificate: { readonly der: Uint8Array; readonly chainIsTrusted: boolean } | null;
  /** RFC 9449; `null`: no proof was sent. `uri` is our own idea of where the request went. */
  readonly dpop: { readonly proof: string; readonly method: string; readonly uri: string } | null;
}

/** A key that was shown in this call, as `cnf` names it. */
export type ShownKey = Readonly<Record<string, string>>;

/** A caller that `authenticate` has proven. Only this Manager makes one. */
export interface AuthenticatedClient {
  readonly proven: true;
  readonly registration: RegisteredClient;
  readonly method: ClientAuthenticationMethod;
  readonly shown: readonly ShownKey[];
  /** Left out: what it sent was used first on any replica, or nothing was. `first-here`: this process alone could tell; for the record. */
  readonly singleUse?: 'first-here';
}

/** A caller without credentials: perhaps a public client, whom the verified token will name. Only this Manager makes one. */
export interface UnprovenClient {
  readonly proven: false;
  /** What it says that it is; `undefined`: nothing. */
  readonly clientId: string | undefined;
  readonly shown: readonly ShownKey[];
  /**
   * The proof behind `shown`, which is not marked as used yet: nobody unauthenticated can fill the store. It has to be before
   * anything is issued. Left out: nothing is used once.
   */
  readonly usedOnce?: UsedId;
}

export type CallingClient = AuthenticatedClient | UnprovenClient;

/** The token of an operator as it was received, and what came with it. */
export interface OperatorToken {
  readonly token: string;
  /** `DPoP`: with a proof of the key that it is bound to (RFC 9449 §7.1). One bound to a certificate comes as `Bearer`. */
  readonly scheme: 'Bearer' | 'DPoP';
  /** `undefined`: the transport has nothing of the kind. */
  readonly presented: PresentedKeys | undefined;
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
  /** Whether the request asks to have the token without being named in it as who acts. */
  readonly impersonation: boolean;
  /** `requested_subject` of other servers, which would name another subject than the token: refused. Left out: it was not sent. */
  readonly requestedSubject?: string;
}

export interface ExchangeResult {
  readonly accessToken: string;
  readonly issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token' | 'urn:ietf:params:oauth:token-type:jwt';
  readonly tokenType: 'Bearer' | 'DPoP';
  readonly expiresInSeconds: number;
  readonly scope: string;
  /** Held on some resources, or under circumstances that are not settled now: Check decides them. */
  readonly conditional: readonly ConditionalPermission[];
  /** RFC 9396, as they are in the token; mostly none. */
  readonly details: readonly AuthorizationDetail[];
  /** Opaque: what a later question may ask to be at least as fresh as. */
  readonly consistencyToken: string;
}

/** Whose permissions are asked about, and as what: whoever is registered as something else is nobody, and `none` is nobody. */
export type CheckSubject = AskedAbout & { readonly kind?: RegisteredSubject['kind'] | 'none' };

type AskedAbout =
  /**
   * A token of ours for the audience that is asked about, or one of a trusted issuer. `shown`: the key that the asking service has
   * seen its caller prove; a bound token is answered about with that alone.
   */
  | { readonly by: 'token'; readonly token: string; readonly shown?: ShownKey }
  /** What is stored of a subject, without what a token would add. By the administrator's key, or by upstream identity. */
  | { readonly by: 'key'; readonly tenant: string; readonly key: string }
  | { readonly by: 'identity'; readonly tenant: string; readonly instance: string; readonly externalId: string };

export interface CheckRequest {
  readonly subject: CheckSubject;
  /** The application that is asked about; `undefined`: the only one that the client may ask about. */
  readonly audience: string | undefined;
  /** Tenant slug, where a token of an issuer fits several. */
  readonly tenant: string | undefined;
  /** Organisational subtree; `null`: the whole tenant. */
  readonly unit: string | null;
  /** Read as `context.*`, as far as the policy takes it from whoever asks. */
  readonly context: Readonly<Record<string, AttributeValue>>;
  /** From an earlier answer: this one must know at least as much. */
  readonly atLeastAsFresh: string | undefined;
  /** 1 to 100. */
  readonly items: readonly { readonly permission: string; readonly resource: CheckedResource | null }[];
  /** Also tell the whole story of each: for clients whose registration allows it. */
  readonly explain: boolean;
}

export interface CheckAnswer {
  /** In the order of the items. */
  readonly results: readonly (CheckDecision & { readonly explanation: Explanation | null })[];
  readonly policyVersion: string;
  readonly epoch: number;
  readonly consistencyToken: string;
  readonly decisionId: string;
}

export interface EffectiveAnswer {
  /** Sorted. */
  readonly granted: readonly string[];
  readonly conditional: readonly ConditionalPermission[];
  /** Unix milliseconds; `null`: no time is known at which it changes. */
  readonly validUntil: number | null;
  readonly policyVersion: string;
  readonly epoch: number;
  readonly consistencyToken: string;
}

export interface AuthorizationManager {
  /**
   * Proves who calls, and which keys it holds. Without credentials it answers *unproven*: `exchange` settles that from the verified
   * token, every other operation refuses it. Failures are counted, not recorded: nobody unauthenticated can fill the audit trail. One is
   * recorded: a proof that was used before, of a client that is proven.
   *
   * @param presented left out: the transport has nothing of the kind
   * @throws CodedError `CLIENT_UNAUTHENTICATED`, `CLIENT_ASSERTION_INVALID`, `CLIENT_ASSERTION_REPEATED`,
   *   `CLIENT_AUTHENTICATION_AMBIGUOUS`, `DPOP_PROOF_INVALID`, `DPOP_NONCE_REQUIRED`, `REPLAY_UNCHECKED`, `CLIENT_RATE_LIMITED`,
   *   `ISSUER_KEYS_UNAVAILABLE`, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
   */
  authenticate(context: CallContext, credentials: ClientCredentials, presented?: PresentedKeys): Promise<CallingClient>;

  /** Whether browsers may call from this origin: it is one of an active public client's. @throws CodedError `STORE_UNAVAILABLE` */
  allowsOrigin(context: CallContext, origin: string): Promise<boolean>;

  /**
   * Lets an operator do what needs `permission`: the bearer of a current token of ours for the audience `countersign`, issued in
   * the tenant `platform` to the operator directly, with that permission in it, who is still registered there and has it still. A
   * token that is bound to a key is good with proof of that key alone.
   *
   * @param token `undefined`: none was received
   * @throws CodedError `OPERATOR_UNAUTHENTICATED`, `OPERATOR_NOT_PERMITTED`, `REPLAY_UNCHECKED`, `SIGNING_UNAVAILABLE`,
   *   `STORE_UNAVAILABLE`
   */
  authorizeOperator(context: CallContext, token: OperatorToken | undefined, permission: string): Promise<Operator>;

  /**
   * Exchanges a token of a trusted issuer for one of ours with the subject's permissions at one target. When this returns, and
   * when it throws a refusal of a proven client, the audit record is durable. An unproven one has to be the public client that the
   * verified token names: otherwise `CLIENT_UNAUTHENTICATED`, counted alone.
   *
   * @throws CodedError any code of the catalogue but operator codes
   */
  exchange(context: CallContext, client: CallingClient, request: ExchangeRequest): Promise<ExchangeResult>;

  /**
   * Decides live what the subject may do, for a client that may ask about the application. A denial is an answer, not an error.
   * Denials and a sample of what was allowed are recorded, not awaited.
   *
   * A token of ours is answered within what it said when it was issued: what is allowed is so in the token and now. A token of a
   * trusted issuer is answered as an exchange by this client would be; a client that may have no token for the application, and so
   * only enforces its decisions, asks about the subject alone. Whoever is named and not registered has nothing.
   *
   * @throws CodedError `CHECK_NOT_ALLOWED`, `CHECK_TOKEN_INVALID`, `TARGET_MISSING`, `TARGET_UNKNOWN`, `TENANT_UNRESOLVED`,
   *   `TENANT_AMBIGUOUS`, `TENANT_NOT_ALLOWED`, `CONSISTENCY_TOKEN_INVALID`, `CONSISTENCY_UNAVAILABLE`, `REQUEST_PARAMETER_INVALID`,
   *   `DIRECTORY_UNAVAILABLE`, `ISSUER_KEYS_UNAVAILABLE`, `SIGNING_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  check(context: CallContext, client: CallingClient, request: CheckRequest): Promise<CheckAnswer>;

  /** Everything that the subject may do at the application, by the same rules. `items` is not read. @throws CodedError as `check` */
  effectivePermissions(
    context: CallContext,
    client: CallingClient,
    request: Omit<CheckRequest, 'items' | 'explain'>,
  ): Promise<EffectiveAnswer>;
}

export const AUTHORIZATION_MANAGER: unique symbol = Symbol('AuthorizationManager');
