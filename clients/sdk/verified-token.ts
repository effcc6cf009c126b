/** RFC 8693 §4.1: the outermost is the current actor. Those deeper in the chain are for the record and give nobody anything. */
export interface ActorChain {
  readonly sub: string;
  readonly act?: ActorChain;
}

/** A key, as `cnf` names it: `jkt` (RFC 9449 §6.1) or `x5t#S256` (RFC 8705 §3.1). */
export type Confirmation = Readonly<Record<string, string>>;

/** What a good token says. */
export interface VerifiedToken {
  readonly tokenId: string;
  readonly keyId: string;
  readonly subject: string;
  readonly clientId: string;
  readonly tenant: string;
  readonly audience: string;
  /** Names separated by spaces; empty: none. */
  readonly scope: string;
  /** Full names. Empty with `permissionsByReference`: unknown, and not none. */
  readonly permissions: readonly string[];
  /** The permissions were too many for a token and have to be asked for. */
  readonly permissionsByReference: boolean;
  /** How many more permissions only a live check can decide. */
  readonly conditionalCount: number;
  /** RFC 9396. */
  readonly authorizationDetails: readonly object[];
  /** `null`: nobody acts for the subject. */
  readonly act: ActorChain | null;
  readonly impersonated: boolean;
  /** `null`: a bearer token. */
  readonly confirmation: Confirmation | null;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** When the identity provider issued what the token came of; its own `iat` where it says nothing. */
  readonly originIssuedAt: number;
  readonly expiresAt: number;
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly authTime: number | null;
  readonly policyVersion: string;
  readonly epoch: number;
}
