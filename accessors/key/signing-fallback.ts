import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '#utilities/clock/contract.js';
import { type CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { FallbackChange, SigningAlgorithm } from './contract.js';

interface Dependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
}

interface Episode {
  readonly kid: string;
  readonly cause: string;
  readonly began: number;
  lastUse: number;
  tokens: number;
}

interface Hold {
  /** Of the monotonic clock. */
  until: number;
  isProbing: boolean;
}

/**
 * SECURITY: a backend that is too busy or away. Never one that refuses: who disables a key, deletes it or takes our role away stops
 * it from signing, and nothing else signs in its place.
 */
const AWAY: ReadonlySet<string> = new Set([
  'SIGNING_THROTTLED',
  'VAULT_THROTTLED',
  'VAULT_TIMEOUT',
  'VAULT_UNREACHABLE',
  'VAULT_UNAVAILABLE',
  'VAULT_NAME_UNRESOLVED',
]);
/** Over when no token was signed so for this long. */
const QUIET_MS = 60_000;
const SHORTEST_HOLD_SECONDS = 1;
const USUAL_HOLD_SECONDS = 5;
const LONGEST_HOLD_SECONDS = 30;

/**
 * When keys that stand by sign, by algorithm. What our own rate guard sheds goes to them one by one; a backend that fails is left
 * alone for a while, and then asked once, beside the requests, before it is used again.
 */
export class SigningFallback {
  private readonly episodes = new Map<SigningAlgorithm, Episode>();
  private readonly holds = new Map<SigningAlgorithm, Hold>();
  private readonly causes = new Map<SigningAlgorithm, string>();
  private readonly listeners: ((change: FallbackChange) => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** A listener must not join the unit of work of whoever asked for a signature. */
  private readonly outsideOfCallers = AsyncLocalStorage.snapshot();

  constructor(private readonly deps: Dependencies) {}

  onChange(listener: (change: FallbackChange) => void): void {
    this.listeners.push(listener);
  }

  /** Whether the backend is not to be asked now. When it is time, `probe` asks it once; no request waits for that. */
  isHeld(algorithm: SigningAlgorithm, probe: () => unknown): boolean {
    const hold = this.holds.get(algorithm);
    if (hold === undefined) return false;
    if (!hold.isProbing && this.deps.clock.monotonic() >= hold.until) {
      hold.isProbing = true;
      void this.outsideOfCallers(() => this.probed(algorithm, probe));
    }
    return true;
  }

  /** Whether another key may make the signature that failed with `cause`. */
  isAway(cause: unknown): cause is CodedError {
    return isCodedError(cause) && AWAY.has(cause.code);
  }

  /** Takes note of what a signature failed with. */
  failed(algorithm: SigningAlgorithm, cause: unknown): void {
    if (!this.isAway(cause)) return;
    this.causes.set(algorithm, cause.code);
    // What our own guard sheds costs nothing to ask.
    if (cause.code === 'SIGNING_THROTTLED') return;
    const asked = cause.details.retryAfterSeconds ?? USUAL_HOLD_SECONDS;
    const seconds = Math.min(Math.max(asked, SHORTEST_HOLD_SECONDS), LONGEST_HOLD_SECONDS);
    this.holds.set(algorithm, { until: this.deps.clock.monotonic() + seconds * 1_000, isProbing: false });
  }

  /** A key that stands by signed. */
  used(algorithm: SigningAlgorithm, kid: string): void {
    this.deps.counters.increment('signing.fallback', algorithm);
    const now = this.deps.clock.now();
    const known = this.episodes.get(algorithm);
    if (known !== undefined) {
      known.lastUse = now;
      known.tokens += 1;
      return;
    }
    const cause = this.causes.get(algorithm) ?? 'SIGNING_UNAVAILABLE';
    this.episodes.set(algorithm, { kid, cause, began: now, lastUse: now, tokens: 1 });
    this.deps.logger.warn('keyring.fallback_began', { algorithm, kid, code: cause });
    this.tell({ kind: 'began', algorithm, kid, cause, tokens: 0, since: now });
    this.lookLater();
  }

  /** Ends what has been quiet for long enough. */
  look(): void {
    for (const [algorithm, { kid, cause, began, lastUse, tokens }] of this.episodes) {
      if (this.deps.clock.now() - lastUse < QUIET_MS) continue;
      this.episodes.delete(algorithm);
      this.deps.logger.info('keyring.fallback_ended', { algorithm, kid, tokens });
      this.tell({ kind: 'ended', algorithm, kid, cause, tokens, since: began });
    }
    if (this.episodes.size > 0) this.lookLater();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private lookLater(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.outsideOfCallers(() => this.look()), QUIET_MS).unref();
  }

  private async probed(algorithm: SigningAlgorithm, probe: () => unknown): Promise<void> {
    try {
      await probe();
      this.holds.delete(algorithm);
    } catch (cause) {
      // Held again only where it is still away: a refusal is for the callers to see.
      this.holds.delete(algorithm);
      this.failed(algorithm, cause);
    }
  }

  private tell(change: FallbackChange): void {
    for (const listener of this.listeners) this.outsideOfCallers(() => listener(change));
  }
}
