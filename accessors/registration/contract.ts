/**
 * Hides where OAuth clients and applications are registered and how client secrets are kept.
 * Called by Managers. Never answers a secret or its hash.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** An id at an identity provider: meaningful only together with the trusted issuer that uses it. */
export interface IssuerScopedId {
  /** Name of the trusted issuer (`issuers[].name`). */
  readonly issuer: string;
  /** A client id (`azp`, `appid`, `client_id`) or an audience there. */
  readonly id: string;
}

/** What a client may ask for at one application. Patterns as in `Application.permissions`. */
export interface ClientTarget {
  readonly audience: string;
  /** Permission names and patterns that the client may ask for at all: its boundary. */
  readonly scopes: readonly string[];
  /** Permission names and patterns that it may exercise for others. Empty: nothing. */
  readonly delegationCeiling: readonly string[];
  /**
   * Re-exchange of our own tokens for this target: which application's tokens it may hand in, and what it may exercise then.
   * Left out: none.
   */
  readonly hops?: readonly { readonly from: string; readonly ceiling: readonly string[] }[];
  /** Permission names and patterns that it may have as another, without `act`, when it asks to; left out: none. */
  readonly impersonation?: readonly string[];
  /** Pairs of tenants, by slug, where the actor may be of another tenant than the subject; left out: none. */
  readonly tenantPairs?: readonly { readonly actor: string; readonly subject: string }[];
}

/** How a client may prove who it is; several may be allowed, each call uses one. */
export type ClientAuthenticationMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'self_signed_tls_client_auth'
  /** A token of a trusted issuer in the place of a secret, sent as a `client_assertion`. */
  | 'federated';

/** What a client proves itself with, other than secrets. Public material alone. */
export interface ClientAuthentication {
  /** Methods that are allowed; what is not listed is refused. */
  readonly methods: readonly ClientAuthenticationMethod[];
  /** Public keys of `private_key_jwt`, as JWK (RFC 7517): two or more at a time allow rotation. */
  readonly keys: readonly Readonly<Record<string, unknown>>[];
  /** Thumbprints (SHA-256 of the DER, base64url) of self-signed certificates. */
  readonly certificates: readonly string[];
  /** RFC 8705 §2.1.2: exactly one name that the certificate must have; `null`: `tls_client_auth` is not used. */
  readonly certificateName: {
    readonly kind: 'dn' | 'san_dns' | 'san_uri' | 'san_ip' | 'san_email';
    readonly value: string;
  } | null;
  /**
   * Who may stand for the client: a trusted issuer by name, the exact subject, by what identities of that issuer are made of
   * (`identityClaims`: the uid of a service account, `OWNER_ID:REPOSITORY_ID`, the object id of a managed identity), and the audience
   * of the assertion, which must be none of those that the issuer is registered with.
   */
  readonly federated: readonly { readonly issuer: string; readonly subject: string; readonly audience: string }[];
}

/** What a client does that asks in the name of a proxy: Envoy, nginx, Traefik. */
export interface GatewayConduct {
  /**
   * `headers`: what is behind it learns of the subject by headers. `token-swap`: the token of the request is exchanged for one of ours
   * for the application; the client needs a target for it.
   */
  readonly mode: 'headers' | 'token-swap';
  /** Whether its configuration may name the permission in the place of routes of the policy. */
  readonly namesPermissions: boolean;
  /** Lower-case names of request headers that are taken away before what is behind it sees them. */
  readonly removes: readonly string[];
}

export interface RegisteredClient {
  readonly clientId: string;
  /** `public`: it has no credentials; a verified token names it. Left out: `confidential`. */
  readonly kind?: 'confidential' | 'public';
  /** Left out: by secret alone. */
  readonly authentication?: ClientAuthentication;
  /** Origins (`https://app.example.com`) that a browser may call from with this client; left out: none. */
  readonly origins?: readonly string[];
  /**
   * Whether its tokens have to be bound to a key that it shows. Left out: `required` for public clients, `optional` for others.
   * A token that is bound already, and a key that is shown, always bind.
   */
  readonly binding?: 'required' | 'optional';
  /** Ids of this very client at identity providers: their tokens make the *own* case. */
  readonly ownPresenters: readonly IssuerScopedId[];
  /** Ids of other clients whose tokens it may hand in: the *on behalf of* case. */
  readonly listedPresenters: readonly IssuerScopedId[];
  /** Audiences under which its own API is known at identity providers: the *on behalf of* case. */
  readonly apiAudiences: readonly IssuerScopedId[];
  /**
   * Audiences of applications here whose API this client is: tokens of ours for them may be handed in by it, where a hop of a target
   * names them. Left out: none.
   */
  readonly serves?: readonly string[];
  readonly targets: readonly ClientTarget[];
  /** Audiences of the applications whose decisions it may ask for; left out: none. */
  readonly checks?: readonly string[];
  /** Whether it may ask why; left out: no. */
  readonly explains?: boolean;
  /** Left out: as a gateway it hands on headers alone, and routes say what is asked. */
  readonly gateway?: GatewayConduct;
}

export interface Application {
  readonly id: string;
  /** The exact `aud` of tokens issued for it. */
  readonly audience: string;
  /** First segment of its permission names. */
  readonly prefix: string;
  readonly permissions: readonly ApplicationPermission[];
  /** Whether a token without any permission may be issued for it. */
  readonly allowsEmptyPermissions: boolean;
  /** Life of issued tokens in seconds; `null`: the default of the service. */
  readonly tokenLifetimeSeconds: number | null;
  /** What tokens for it are signed with; left out: ES256. */
  readonly signingAlgorithm?: 'ES256' | 'RS256' | 'PS256' | 'Ed25519';
  /** Whether `context.*` of the exchange settles conditions of its tokens; left out: no, Check decides. */
  readonly settlesContext?: boolean;
}

export interface ApplicationPermission {
  /** `app:resource:verb`, 2 to 6 segments of `[a-z0-9_-]`, at most 128 bytes. */
  readonly name: string;
  /** Position in the bit sets of the application; never reused. */
  readonly bit: number;
  /** How much harm it can do; left out: low. */
  readonly risk?: 'low' | 'medium' | 'high';
  /** Longest life of a token that holds it, in seconds; left out or `null`: as the application says. */
  readonly maxLifetimeSeconds?: number | null;
}

export interface ClientRegistration extends RegisteredClient {
  /** `null`: as it is stored; active where it is new. */
  readonly status: 'active' | 'disabled' | null;
  /** SHA-256 of each valid secret, lower-case hex; two at a time allow rotation. `null`: as they are stored. */
  readonly secretSha256: readonly string[] | null;
}

export interface ApplicationRegistration {
  readonly audience: string;
  readonly prefix: string;
  readonly permissions: readonly {
    readonly name: string;
    readonly description?: string;
    readonly risk?: 'low' | 'medium' | 'high';
    readonly maxLifetimeSeconds?: number | null;
  }[];
  readonly allowsEmptyPermissions: boolean;
  readonly tokenLifetimeSeconds: number | null;
  /** What tokens for it are signed with; left out: ES256. */
  readonly signingAlgorithm?: 'ES256' | 'RS256' | 'PS256' | 'Ed25519';
  /** Left out: no. */
  readonly settlesContext?: boolean;
}

export type RecordOutcome = 'created' | 'updated' | 'unchanged';

export interface RegistrationAccess {
  /**
   * The active client that this id and secret belong to, or `undefined` when there is none, it is disabled or the secret is
   * wrong: the three are not told apart, and the comparison takes the same time whichever it is.
   * A changed registration is seen within 2 s.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  authenticateClient(context: CallContext, clientId: string, secret: string): Promise<RegisteredClient | undefined>;

  /**
   * The active client with this id, whoever asks: it is named, not proven. `undefined`: there is none, or it is disabled. Ids that
   * are not there cost no question to the database.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  clientNamed(context: CallContext, clientId: string): Promise<RegisteredClient | undefined>;

  /**
   * The active public client whose own id at an identity provider this is; `undefined`: none, or more than one.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  publicClientOf(context: CallContext, presenter: IssuerScopedId): Promise<RegisteredClient | undefined>;

  /** Origins of all active public clients, for CORS. Kept like one client. @throws CodedError `STORE_UNAVAILABLE` */
  publicOrigins(context: CallContext): Promise<ReadonlySet<string>>;

  /** The application with exactly this audience. @throws CodedError `STORE_UNAVAILABLE` */
  applicationFor(context: CallContext, audience: string): Promise<Application | undefined>;

  /** Every application, in the order of their audiences. Kept like one. @throws CodedError `STORE_UNAVAILABLE` */
  applications(context: CallContext): Promise<readonly Application[]>;

  /** Registers a client or brings it to this state. Idempotent. */
  registerClient(context: CallContext, client: ClientRegistration): Promise<RecordOutcome>;

  /**
   * Registers an application or brings it to this state. Idempotent. A permission that is left out is marked deprecated, and
   * its bit stays taken.
   */
  registerApplication(context: CallContext, application: ApplicationRegistration): Promise<RecordOutcome>;
}

export const REGISTRATION_ACCESS: unique symbol = Symbol('RegistrationAccess');
