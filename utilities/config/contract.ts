/**
 * Hides where process settings come from. Read once, at boot; every default is applied and every fault already reported.
 */
export interface Settings {
  /** Our `iss`, exactly. */
  readonly issuer: string;
  readonly http: ListenerSettings;
  readonly grpc: ListenerSettings & { readonly reflection: boolean };
  readonly grpcConnections: ConnectionSettings;
  /** A proxy in front terminates TLS, so plaintext off loopback is meant. */
  readonly behindProxy: boolean;
  readonly database: DatabaseSettings;
  readonly keys: {
    readonly keyEncryptionKeyFile: string;
    /** File with the newest keyring epoch that this installation has had. */
    readonly floorFile: string;
    /** What tokens are signed with; each algorithm has a key of its own. */
    readonly algorithms: readonly ('ES256' | 'RS256' | 'PS256' | 'Ed25519')[];
    readonly rotation: RotationSettings;
    /** Absent: keys are sealed in the database under `keyEncryptionKeyFile`, and sign in the process. */
    readonly storage?: KeyStorageSettings;
  };
  readonly tokens: { readonly lifetimeSeconds: number };
  readonly policy: {
    /** Whether another operator has to approve a plan before it is applied. */
    readonly fourEyes: boolean;
  };
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent' };
  readonly outbound: {
    /** Lets issuers on 127.0.0.1, ::1 and localhost be fetched over plain HTTP. Development only. */
    readonly allowLoopbackHttp: boolean;
    /** Private address ranges in CIDR notation where identity providers may be; all others are refused. */
    readonly allowedPrivateAddresses: readonly string[];
  };
  /** Where group memberships are asked for that a token leaves out; at most one for an issuer and a tenant. */
  readonly directories: readonly DirectorySettings[];
  /** Where policies have attributes and flags from that are kept elsewhere. */
  readonly factSources: readonly FactSourceSettings[];
  /** Proofs that callers make, and what is used once. */
  readonly grants: GrantSettings;
  readonly audit: AuditSettings;
  readonly limits: LimitSettings;
  readonly authzen: AuthzenSettings;
  /** Seconds between readiness off and the closing of ports on SIGTERM. */
  readonly drainSeconds: number;
}

/** How long connections of the gRPC port live, and what they are used for. */
export interface ConnectionSettings {
  /** After which a connection is asked whether it is alive, and how long it has for the answer. */
  readonly keepaliveSeconds: number;
  readonly keepaliveTimeoutSeconds: number;
  /** After which a client is told to connect anew; `null`: never. */
  readonly maxAgeSeconds: number | null;
  /** How long calls under way have after that. */
  readonly maxAgeGraceSeconds: number;
  /** Calls at a time on one connection. */
  readonly maxStreams: number;
  /** Streams of key changes in one process. */
  readonly keyWatchers: number;
}

/** How questions of AuthZEN 1.0 are taken. */
export interface AuthzenSettings {
  /** Slug of the tenant that is meant where a question does not say; `null`: it has to. */
  readonly tenant: string | null;
  /** What is not listed is not there. */
  readonly searches: readonly ('action' | 'resource' | 'subject')[];
}

/** How much one process lets through. */
export interface LimitSettings {
  /** Requests of clients that are worked on at a time. */
  readonly concurrentRequests: number;
  /** `null`: no limit. */
  readonly perClientPerSecond: number | null;
  readonly perIssuerPerSecond: number | null;
}

export interface GrantSettings {
  /** Where it cannot be told whether another process has seen an id: refuse it, or go by what this process has seen. */
  readonly replayWhenStoreIsAway: 'refuse' | 'per-process';
  /** Whose DPoP proofs need a nonce of ours: nobody's, those of callers without credentials, everybody's. */
  readonly dpopNonces: 'off' | 'public-clients' | 'required';
}

/** How the audit trail is kept and proven. */
export interface AuditSettings {
  /** `null`: records are kept for good. */
  readonly retentionDays: number | null;
  /** Where checkpoints go outside of the database; `null`: not there. */
  readonly anchor: { readonly file: string | null; readonly url: string | null; readonly bearerFile: string | null };
  /** Where records wait while PostgreSQL is away. `null`: nothing is issued then. */
  readonly spool: { readonly directory: string; readonly maxBytes: number } | null;
}

/** Microsoft Graph of one Entra tenant, and the app registration that asks it. */
export interface DirectorySettings {
  /** Name of the trusted issuer whose subjects are looked up. */
  readonly issuer: string;
  /** A national cloud, or the bases of another: URLs without a trailing slash. */
  readonly cloud: 'public' | 'usgov' | 'china' | { readonly loginBase: string; readonly graphBase: string };
  /** Id of the Entra tenant, lower case. */
  readonly tenantId: string;
  /** Of the app registration, or of a user-assigned managed identity; `null`: the system-assigned one. */
  readonly clientId: string | null;
  readonly credential: DirectoryCredential;
  /** Whether the application asks for itself, or on behalf of the subject whose token it was handed. */
  readonly mode: 'application' | 'onBehalfOf';
  /** PEM file with the only authorities to trust for these calls; `null`: those of the system. */
  readonly caFile: string | null;
}

/** A fact source, and how far it is trusted. Secrets are in files alone. */
export type FactSourceSettings = {
  readonly name: string;
  readonly timeoutMs: number;
  readonly cacheSeconds: number;
  readonly validSeconds: number;
} & (
  | {
      readonly kind: 'sql';
      readonly urlFile: string;
      readonly query: string;
      readonly parameters: readonly ('tenantId' | 'tenant' | 'subjectKey' | 'instance' | 'externalId')[];
      /** Column by path. */
      readonly columns: Readonly<Record<string, string>>;
      readonly poolSize: number;
    }
  | { readonly kind: 'http'; readonly url: string; readonly bearerFile: string | null }
  | { readonly kind: 'openfeature'; readonly providerModule: string }
);

/** Secrets are in files alone, which are read anew for each use. */
export type DirectoryCredential =
  | { readonly kind: 'secretFile'; readonly file: string }
  | { readonly kind: 'certificateFile'; readonly certFile: string; readonly keyFile: string }
  /** A token of another issuer that the registration trusts, such as a projected one of Kubernetes. */
  | { readonly kind: 'federatedTokenFile'; readonly file: string }
  | { readonly kind: 'managedIdentity' };

/** Where signing keys are, and what seals those that the database keeps. */
export interface KeyStorageSettings {
  /** Name of the signing backend that makes new keys. */
  readonly backend: 'local' | 'file' | 'azure-key-vault';
  /** `null`: the one in `keyEncryptionKeyFile`. */
  readonly keyEncryptionKey: KeyEncryptionKeySettings | null;
  /** Open what they sealed, and seal nothing. */
  readonly furtherKeyEncryptionKeys: readonly KeyEncryptionKeySettings[];
  /** Folder of the signing backend `file`. */
  readonly directory: string | null;
  readonly vault: VaultSettings | null;
}

export type KeyEncryptionKeySettings =
  | { readonly provider: 'file'; readonly file: string }
  /** Development only. `value: null`: the variable is not set. */
  | { readonly provider: 'env'; readonly variable: string; readonly value: string | null }
  /** `keyVersion: null`: the latest when the process starts. */
  | { readonly provider: 'azure-key-vault'; readonly keyName: string; readonly keyVersion: string | null };

/** One Azure Key Vault, and how the service proves itself to it. */
export interface VaultSettings {
  /** Without a slash at the end. */
  readonly url: string;
  readonly tenantId: string | null;
  readonly clientId: string | null;
  readonly credential: DirectoryCredential;
  readonly caFile: string | null;
  readonly loginHosts: readonly string[];
  readonly keyPrefix: string;
  readonly hsm: boolean;
  readonly signsPer10Seconds: number;
  /** What happens to tokens that the vault is too busy or away for. */
  readonly whenItCannotSign: 'shed' | 'signLocally';
}

/** When signing keys change, in seconds. Proven safe for each other when the settings were read. */
export interface RotationSettings {
  readonly periodSeconds: number;
  readonly prePublishSeconds: number;
  readonly retireAfterSeconds: number;
  readonly jwksMaxAgeSeconds: number;
  readonly jwksStaleIfErrorSeconds: number;
  readonly verifierCacheSeconds: number;
  readonly propagationSeconds: number;
  readonly skewSeconds: number;
  readonly leewaySeconds: number;
  readonly maxTokenSeconds: number;
}

export interface ListenerSettings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: TlsSettings | null;
  /** Whose `Client-Cert` header counts; `null`: nobody's. */
  readonly certificateProxies: CertificateProxySettings | null;
}

/** Files are read anew when they change. */
export interface TlsSettings {
  readonly certFile: string;
  readonly keyFile: string;
  /** `request`: any client certificate gets through the handshake, and is judged later. */
  readonly clientCertificates: 'none' | 'request' | 'require';
  /** The only authorities that vouch for client certificates; `null`: nobody does. */
  readonly clientCaFile: string | null;
}

export interface CertificateProxySettings {
  /** Ranges in CIDR notation that they connect from. */
  readonly addresses: readonly string[];
  /** Whether they hand on only certificates that an authority vouches for. */
  readonly checksChain: boolean;
}

export type DatabaseSettings =
  | {
      readonly kind: 'postgres';
      readonly url: string;
      readonly poolSize: number;
      /** The server itself, where `url` is a connection pooler in transaction mode; absent: `url` is the server. */
      readonly directUrl?: string;
    }
  /** The embedded PostgreSQL, for development and trial. `directory: null`: in memory. */
  | { readonly kind: 'embedded'; readonly directory: string | null };

export const SETTINGS: unique symbol = Symbol('Settings');
