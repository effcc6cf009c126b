/**
 * Hides how much of something is let through in a time. Anyone may call. In memory of this process: several replicas let through
 * several times as much.
 */
export interface RateLimiter {
  /**
   * Takes one from the allowance of `key`; `null`: there was one. Otherwise nothing is taken, and the answer is the whole seconds
   * after which there will be one. Keys are of a closed set, such as registered clients: each is remembered.
   */
  take(key: string): number | null;
}

/** By client id. */
export const CLIENT_RATE: unique symbol = Symbol('ClientRate');
/** By name of the trusted issuer. */
export const ISSUER_RATE: unique symbol = Symbol('IssuerRate');
