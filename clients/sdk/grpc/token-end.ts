import { SYSTEM_RUNTIME } from '../runtime.js';
import type { VerifiedToken } from '../verified-token.js';

/**
 * Calls `end` when the token is not taken any more, without keeping the process alive. Answers what calls it off. SECURITY: a call is
 * judged when it begins; one that streams could go on for days by a token of minutes.
 */
export function whenTokenEnds({ expiresAt }: VerifiedToken, leewaySeconds: number, end: () => void): () => void {
  const left = (expiresAt + leewaySeconds) * 1_000 - SYSTEM_RUNTIME.clock.now();
  const timer = setTimeout(end, Math.max(0, left)).unref();
  return () => {
    clearTimeout(timer);
  };
}
