import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { stableShare } from './stable-share.js';

/** No token ends earlier than this, or than a quarter of its life, for the sake of spreading. */
const MOST_SPREAD_MS = 60_000;

export interface TokenSpan {
  /** Unix milliseconds. */
  readonly now: number;
  /** When the token would end of itself. */
  readonly until: number;
  /** When what it says would not be so any more; `null`: not before `until`. */
  readonly validUntil: number | null;
  readonly identity: UpstreamIdentity;
}

/**
 * Unix seconds that the token must not outlive. What ends for everybody at the same moment, such as office hours, would bring
 * everybody back at the same moment: each token then ends a little earlier, by a share that is always the same for a subject.
 *
 * @throws CodedError `PERMISSIONS_CHANGING` when it would end within the second in which it is issued
 */
export function notAfterOf({ now, until, validUntil, identity }: TokenSpan): number {
  if (validUntil === null || validUntil >= until) return Math.floor(until / 1_000);
  const last = Math.floor(validUntil / 1_000);
  const first = Math.floor(now / 1_000) + 1;
  if (last < first) throw new CodedError('PERMISSIONS_CHANGING', { retryAfterSeconds: 1 });
  const spread = Math.min(MOST_SPREAD_MS, (validUntil - now) / 4) * stableShare(identity);
  return Math.max(first, Math.floor((validUntil - spread) / 1_000));
}
