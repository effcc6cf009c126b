/**
 * Hides where process settings come from. Read once, at boot; every default is applied and every fault already reported.
 */
export interface Settings {
  /** Our `iss`, exactly. */
  readonly issuer: string;
  readonly http: ListenerSettings;
  readonly grpc: ListenerSettings & { readonly reflection: boolean };
  /** A proxy in front terminates TLS, so plaintext off loopback is meant. */
  readonly behindProxy: boolean;
  readonly database: DatabaseSettings;
  readonly keys: { readonly keyEncryptionKeyFile: string };
  readonly tokens: { readonly lifetimeSeconds: number };
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent' };
  readonly outbound: {
    /** Lets issuers on 127.0.0.1, ::1 and localhost be fetched over plain HTTP. Development only. */
    readonly allowLoopbackHttp: boolean;
  };
  /** Seconds between readiness off and the closing of ports on SIGTERM. */
  readonly drainSeconds: number;
}

export interface ListenerSettings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
}

export type DatabaseSettings =
  | { readonly kind: 'postgres'; readonly url: string; readonly poolSize: number }
  /** The embedded PostgreSQL, for development and trial. `directory: null`: in memory. */
  | { readonly kind: 'embedded'; readonly directory: string | null };

export const SETTINGS: unique symbol = Symbol('Settings');
