import { hash } from 'node:crypto';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { GrantsAccess, SingleUse, UsedId, UseOutcome } from './contract.js';
import type { UsedIdStore } from './stores/used-id.store.js';
import { UsedIdMemory } from './used-id.memory.js';

/** Ids of each use that one process remembers: at 128 bytes each, 12.8 MB a use. */
const REMEMBERED_IDS = 100_000;
/** Every so many uses, twice as many that have ended are removed: removal keeps up with whatever is added. */
const REMOVE_EVERY = 500;
const RETRY_AFTER_SECONDS = 2;

interface Dependencies {
  readonly store: Pick<UsedIdStore, 'mark' | 'removeEnded'>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly whenStoreIsAway: 'refuse' | 'per-process';
  readonly rememberedIds?: number;
}

/** The store decides. What this process has seen it knows by itself, which is all there is while the store is away. */
export class DefaultGrantsAccess implements GrantsAccess {
  private readonly memories: Readonly<Record<SingleUse, UsedIdMemory>>;
  /** Unix seconds until which this process does not know everything that it has let pass. */
  private readonly blindUntil: Record<SingleUse, number> = { client_assertion: 0, dpop_proof: 0 };
  private uses = 0;
  private isRemoving = false;

  constructor(private readonly deps: Dependencies) {
    const { rememberedIds = REMEMBERED_IDS } = deps;
    this.memories = { client_assertion: new UsedIdMemory(rememberedIds), dpop_proof: new UsedIdMemory(rememberedIds) };
  }

  async useOnce(_context: CallContext, used: UsedId): Promise<UseOutcome> {
    const digest = digestOf(used);
    const now = Math.floor(this.deps.clock.now() / 1000);
    // Before the store is asked, so that of two calls in this process one is refused also when the store goes away between them.
    const remembered = this.memories[used.use].remember(digest.toString('latin1'), used.until, now);
    if (remembered === 'known') return 'repeated';
    try {
      const isFirst = await this.deps.store.mark(digest, used.until);
      if (remembered === 'no-room') this.blindUntil[used.use] = Math.max(this.blindUntil[used.use], used.until);
      this.removeNowAndThen();
      return isFirst ? 'first' : 'repeated';
    } catch (error) {
      if (!isCodedError(error) || error.code !== 'STORE_UNAVAILABLE') throw error;
      return this.withoutStore(used.use, remembered === 'new' && this.blindUntil[used.use] < now, error);
    }
  }

  /** SECURITY: goes on only where this process knows of everything that it has accepted itself. */
  private withoutStore(use: SingleUse, isKnowing: boolean, cause: CodedError): UseOutcome {
    const { whenStoreIsAway, counters } = this.deps;
    if (whenStoreIsAway === 'per-process' && isKnowing) {
      counters.increment('single_use.first_here', use);
      return 'first-here';
    }
    counters.increment('single_use.unchecked', use);
    throw new CodedError('REPLAY_UNCHECKED', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      internal:
        whenStoreIsAway === 'refuse' ? 'the store is away' : 'the store is away, and this process has no room for more ids',
      cause,
    });
  }

  private removeNowAndThen(): void {
    this.uses += 1;
    if (this.uses % REMOVE_EVERY !== 0 || this.isRemoving) return;
    this.isRemoving = true;
    this.deps.store
      .removeEnded(2 * REMOVE_EVERY)
      .catch((error: unknown) => {
        this.deps.logger.warn('single_use.not_removed', { reason: isCodedError(error) ? error.code : 'INTERNAL' });
      })
      .finally(() => {
        this.isRemoving = false;
      });
  }
}

/** Lengths go before the parts, so that no two names read alike. */
function digestOf({ use, owner, id }: UsedId): Buffer {
  return hash('sha256', `${use}:${String(owner.length)}:${owner}:${id}`, 'buffer');
}
