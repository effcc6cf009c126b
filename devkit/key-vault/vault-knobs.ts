export const VAULT_OPERATIONS = [
  'create',
  'import',
  'get',
  'list',
  'rotate',
  'update',
  'delete',
  'getDeleted',
  'recover',
  'purge',
  'sign',
  'verify',
  'wrapKey',
  'unwrapKey',
] as const;
export type VaultOperation = (typeof VAULT_OPERATIONS)[number];

export type VaultFault =
  | 'unauthorized'
  | 'firewall-public'
  | 'firewall-private'
  | 'private-endpoint-pending'
  | 'public-access-disabled'
  | 'rbac'
  | 'access-policy'
  | 'not-found'
  | 'conflict'
  | 'throttled'
  | 'server-error'
  | 'unavailable'
  | 'html';

export interface VaultLimits {
  /** Units in ten seconds for one vault: a transaction with a software RSA-2048 or P-256 key is one unit. */
  readonly units: number;
  /** Keys made, imported or rotated in ten seconds. */
  readonly creations: number;
}

/** What the stand-in does wrong, or differently, at the moment. */
export interface VaultKnobs {
  /** Answered instead of the operation, after the caller was authenticated (`unauthorized`: instead of that). */
  readonly fault: VaultFault | null;
  /** Of how many calls the fault meets, 0 to 1, spread evenly: 0.3 is every third, roughly. */
  readonly share: number;
  /** The operations that the fault meets; `null`: all. */
  readonly operations: readonly VaultOperation[] | null;
  /** The address that firewall refusals print; `null`: a public or a private one of the documentation, by the fault. */
  readonly clientAddress: string | null;
  /** `Retry-After` of 429 and 503; `null`: no such header. */
  readonly retryAfterSeconds: number | null;
  /** `refused`: no listener; `hang`: never answers; `reset`: the connection ends without an answer; `cut`: in the middle of one. */
  readonly outage: 'refused' | 'hang' | 'reset' | 'cut' | null;
  readonly slow: { readonly delayMs: number; readonly drip: boolean };
  readonly limits: VaultLimits | null;
  /** What the own token endpoint answers instead of a token. */
  readonly login: 'expired-secret' | 'unavailable' | null;
  /** What the challenge says instead of the truth. */
  readonly challenge: { readonly authorization?: string; readonly resource?: string; readonly header?: string } | null;
}

/** The limits of a real vault: https://learn.microsoft.com/azure/key-vault/general/service-limits */
const REAL_LIMITS: VaultLimits = { units: 4_000, creations: 20 };

export const CALM: VaultKnobs = {
  fault: null,
  share: 1,
  operations: null,
  clientAddress: null,
  retryAfterSeconds: 1,
  outage: null,
  slow: { delayMs: 0, drip: false },
  limits: REAL_LIMITS,
  login: null,
  challenge: null,
};
