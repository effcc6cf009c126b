import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Database } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import { RevocationMemory } from './revocation-memory.js';
import type {
  RevocableToken,
  Revocation,
  RevocationAccess,
  RevocationQuery,
  RevocationTarget,
  StandingRevocation,
  StoredRevocation,
} from './revocation.contract.js';
import { RevocationStore } from './stores/revocation.store.js';
import { REVOCATIONS_TOPIC } from './stores/revocations-topic.js';

export interface DefaultRevocationAccessDeps {
  readonly database: Database;
  readonly changeFeed: ChangeFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Single tokens, and subjects, that are kept before something wider is cut off in their place; for tests. */
  readonly most?: number;
}

/** What could not be confirmed for so long is not acted on. */
const MOST_UNCONFIRMED_MS = 5 * 60_000;
/** Something is known to be revoked, and not what: that is borne for less long. */
const MOST_BEHIND_MS = 30_000;
const RETRY_AFTER_MS = 1_000;
const MOST = 50_000;
/** Operators, who may know no more than an id, have as much again. */
const FOR_OPERATORS = 1.2;
/** Clocks differ: what ended is kept for a while longer. */
const KEPT_LONGER_SECONDS = 600;

export class DefaultRevocationAccess implements RevocationAccess {
  private readonly store: RevocationStore;
  private readonly memory = new RevocationMemory();
  private readonly most: number;
  /** The store is read outside of every unit of work, whoever makes it known that something changed. */
  private readonly outside = AsyncLocalStorage.snapshot();
  /** The newest number that was read, and the newest change that is in memory: apart only over a database that was put back. */
  private readUpTo = 0;
  private held = -1;
  private behindSince: number | null = null;
  private retryAt = 0;
  private loading: Promise<void> | undefined;
  private told: { readonly sequence: number; readonly revocations: readonly StandingRevocation[] } | undefined;

  constructor(private readonly deps: DefaultRevocationAccessDeps) {
    this.store = new RevocationStore(deps);
    this.most = deps.most ?? MOST;
    deps.changeFeed.onChange((topic) => {
      if (topic === REVOCATIONS_TOPIC) this.catchUp();
    });
  }

  revokes(_context: CallContext, token: RevocableToken): RevocationTarget | undefined {
    this.refuseUnconfirmed();
    return this.memory.find(token);
  }

  async revoke(_context: CallContext, revocation: Revocation): Promise<Revocation> {
    const kept = this.affordable(revocation);
    await this.store.keep(kept);
    return kept;
  }

  async announce(): Promise<void> {
    // A load that is under way may have read before the commit.
    await this.loading?.catch(() => undefined);
    await this.load();
    await this.deps.changeFeed.announce();
  }

  current(): { readonly sequence: number; readonly revocations: readonly StandingRevocation[] } {
    this.refuseUnconfirmed();
    if (this.told?.sequence !== this.held) this.told = { sequence: this.held, revocations: this.memory.all() };
    return this.told;
  }

  list(_context: CallContext, query: RevocationQuery): Promise<readonly StoredRevocation[]> {
    return this.store.list(query, this.seconds());
  }

  removeEnded(): Promise<number> {
    return this.store.removeEnded(this.endedBefore());
  }

  /** Reads what changed, once for all concurrent callers. @throws CodedError `STORE_UNAVAILABLE` */
  load(): Promise<void> {
    this.loading ??= this.outside(() => this.read()).finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async read(): Promise<void> {
    const known = this.deps.changeFeed.epochOf(REVOCATIONS_TOPIC);
    const { epoch, revocations } = await this.store.after(this.readUpTo, this.endedBefore());
    this.memory.forgetEnded(this.endedBefore());
    for (const revocation of revocations) this.memory.add(revocation);
    this.readUpTo = epoch;
    this.held = Math.max(epoch, known, this.held);
    this.told = undefined;
    if (!this.isOutdated()) this.behindSince = null;
  }

  /** Reads what became known to have changed; asked again by every caller until it succeeds, at most once a second. */
  private catchUp(): void {
    const now = this.deps.clock.monotonic();
    this.behindSince ??= now;
    if (this.loading !== undefined || now < this.retryAt) return;
    this.load().then(
      () => {
        if (this.isOutdated()) this.catchUp();
      },
      (error: unknown) => {
        this.retryAt = this.deps.clock.monotonic() + RETRY_AFTER_MS;
        this.deps.logger.warn('revocations.load_failed', { reason: error instanceof Error ? error.message : 'unknown' });
      },
    );
  }

  private isOutdated(): boolean {
    return this.held < this.deps.changeFeed.epochOf(REVOCATIONS_TOPIC);
  }

  private refuseUnconfirmed(): void {
    const { changeFeed, clock } = this.deps;
    if (this.isOutdated()) this.catchUp();
    const isBehind = this.behindSince !== null && clock.monotonic() - this.behindSince > MOST_BEHIND_MS;
    if (this.held >= 0 && !isBehind && changeFeed.confirmedAge() <= MOST_UNCONFIRMED_MS) return;
    throw new CodedError('REVOCATIONS_UNKNOWN', { retryAfterSeconds: 5 });
  }

  /** SECURITY: memory is bounded, and what does not fit is never dropped: something wider is cut off, as of the same moment. */
  private affordable(revocation: Revocation): Revocation {
    const { target } = revocation;
    if (target.by !== 'token' || this.memory.tokenCount < this.most) return revocation;
    if (target.of === null) {
      if (this.memory.tokenCount < this.most * FOR_OPERATORS) return revocation;
      throw new CodedError('REVOCATIONS_FULL');
    }
    const { tenant, subject, clientId } = target.of;
    const wider: RevocationTarget =
      this.memory.cutSubjects < this.most ? { by: 'subject', tenant, subject } : { by: 'client', clientId };
    return { ...revocation, target: wider };
  }

  private endedBefore(): number {
    return this.seconds() - KEPT_LONGER_SECONDS;
  }

  private seconds(): number {
    return Math.floor(this.deps.clock.now() / 1_000);
  }
}
