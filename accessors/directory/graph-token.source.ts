import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { DirectorySubject } from './contract.js';
import type { GraphToken } from './msal.token.client.js';

/** Where the tokens for Microsoft Graph come from that one directory is asked with. */
export interface GraphTokenSource {
  /** Whether a token stands for the subject rather than for the application. */
  readonly delegated: boolean;
  /** @throws DirectoryFault */
  tokenFor(context: CallContext, subject: DirectorySubject): Promise<string>;
  /** Drops a token that Graph did not take. */
  forget(subject: DirectorySubject, token: string): void;
}

const MARGIN_MS = 300_000;

/**
 * Until when a token is used, on the monotonic clock: 5 min before its end, or until half of a short life is over.
 */
export function usableUntil(token: GraphToken, clock: Clock): number {
  const remaining = token.expiresAt - clock.now();
  return clock.monotonic() + remaining - Math.min(MARGIN_MS, remaining / 2);
}
