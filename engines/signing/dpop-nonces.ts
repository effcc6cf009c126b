import { timingSafeEqual } from 'node:crypto';
import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { DpopNonces } from './dpop-nonces.contract.js';

const SPAN_MS = 150_000;

interface Dependencies {
  readonly keyAccess: Pick<KeyAccess, 'keyedDigest'>;
  readonly clock: Clock;
}

/**
 * One nonce for each span of time, a keyed digest of its number: unpredictable to others, the same on every replica, and nothing
 * is kept. It says when a proof was made at the earliest, so that none can be made in stock (RFC 9449 §11.2); that a proof is used
 * once is a matter of its `jti`.
 */
export class KeyedDpopNonces implements DpopNonces {
  /** Those of the span that is now, of the one before, and of the one after, which a replica whose clock is ahead may have begun. */
  private known: { readonly span: number; readonly nonces: readonly [now: string, before: string, after: string] } | undefined;

  constructor(private readonly deps: Dependencies) {}

  current(context: CallContext): string {
    return this.nonces(context)[0];
  }

  isFresh(context: CallContext, nonce: string): boolean {
    return this.nonces(context).some((good) => isSame(good, nonce));
  }

  private nonces(context: CallContext): readonly [string, string, string] {
    const span = Math.floor(this.deps.clock.now() / SPAN_MS);
    if (this.known?.span === span) return this.known.nonces;
    const of = (number: number): string => this.deps.keyAccess.keyedDigest(context, 'dpop-nonce', String(number));
    const nonces = [of(span), of(span - 1), of(span + 1)] as const;
    this.known = { span, nonces };
    return nonces;
  }
}

function isSame(one: string, other: string): boolean {
  const [mine, theirs] = [Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8')];
  return mine.length === theirs.length && timingSafeEqual(mine, theirs);
}
