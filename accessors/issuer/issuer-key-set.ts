import { randomInt } from 'node:crypto';
import type { Clock } from '#utilities/clock/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { KeyLookup, KeySetState, SignatureAlgorithm } from './contract.js';
import type { FetchedKeySet, MetadataSource } from './http.metadata.source.js';
import { importVerificationKeys, MAX_KID_LENGTH, ofCloud } from './jwk-import.js';
import { CollapseWatch } from './collapse-watch.js';
import { MetadataFault, type MetadataFaultReason } from './metadata-fault.js';
import type { MetadataLocation } from './metadata-location.js';
import { TokenBucket } from './token-bucket.js';
import { UnknownKids } from './unknown-kids.js';

const BURST = 2;
const RETRY_AFTER_FAILURE_MS = 30_000;
const LAST_GOOD_MS = 24 * 60 * 60 * 1000;
const UNKNOWN_KIDS_KEPT = 1_000;
const UNKNOWN: KeyLookup = Object.freeze({ status: 'unknown' });

export interface KeySetPace {
  readonly refreshMs: number;
  /** Between two fetches for unknown key ids, once the burst is used up. */
  readonly unknownKidMs: number;
}

export interface IssuerKeySetDeps {
  readonly issuerName: string;
  readonly location: MetadataLocation;
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly pace: KeySetPace;
  readonly source: MetadataSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
}

/**
 * The keys of one `iss`. What is known is answered from memory, whatever the issuer does. A set is taken over whole and only
 * with a usable key in it; the last good one serves until it is 24 h old.
 */
export class IssuerKeySet {
  private keys: ReadonlyMap<string, KeyLookup> | null = null;
  private jwksHost: string | null = null;
  private fetchedAt = 0;
  private lastFailure: { readonly reason: MetadataFaultReason; readonly at: number } | null = null;
  private readonly collapse = new CollapseWatch();
  private dueAt: number;
  /** The last attempt failed; until `dueAt` nobody tries again. */
  private failing = false;
  private running: Promise<void> | null = null;
  private asked = false;
  private readonly bucket: TokenBucket;
  private readonly unknownKids: UnknownKids;

  constructor(private readonly deps: IssuerKeySetDeps) {
    this.dueAt = deps.clock.monotonic();
    this.bucket = new TokenBucket(BURST, deps.pace.unknownKidMs, this.dueAt);
    this.unknownKids = new UnknownKids(UNKNOWN_KIDS_KEPT, deps.pace.unknownKidMs);
  }

  /** A known key is answered at once and never waits for a fetch; the promise is for unknown ones alone. */
  lookup(kid: string): KeyLookup | Promise<KeyLookup> {
    this.asked = true;
    const now = this.deps.clock.monotonic();
    this.forgetExpired(now);
    const found = this.keys?.get(kid);
    if (found === undefined) return this.lookupUnknown(kid, now);
    if (now >= this.dueAt) void this.refresh();
    return found;
  }

  /**
   * Starts a fetch if one is due, so that a removed key goes and an outage heals without a caller; the promise ends with it.
   * `null` where none is due, or is under way. Leaves a set alone that nobody ever asked for.
   */
  refreshIfDue(): Promise<void> | null {
    if (!this.asked || this.running !== null || this.deps.clock.monotonic() < this.dueAt) return null;
    return this.refresh();
  }

  /** What an operator may want to know; asks nobody. */
  state(): KeySetState {
    const now = this.deps.clock.monotonic();
    this.forgetExpired(now);
    const { keys, lastFailure } = this;
    const seconds = (from: number, to: number): number => Math.max(0, Math.round((to - from) / 1_000));
    const known = keys === null ? 'missing' : this.failing ? 'stale' : 'fresh';
    return {
      issuer: this.deps.issuerName,
      iss: this.deps.location.iss,
      status: this.asked ? known : 'idle',
      kids: [...(keys?.keys() ?? [])],
      ageSeconds: keys === null ? null : seconds(this.fetchedAt, now),
      lastFailure: lastFailure === null ? null : { reason: lastFailure.reason, secondsAgo: seconds(lastFailure.at, now) },
      nextAttemptInSeconds: this.asked ? seconds(now, this.dueAt) : null,
    };
  }

  /** Whether the key is in memory; asks nobody. */
  holds(kid: string): boolean {
    return this.keys?.has(kid) ?? false;
  }

  private lookupUnknown(kid: string, now: number): KeyLookup | Promise<KeyLookup> {
    if (kid.length > MAX_KID_LENGTH) return UNKNOWN;
    if (this.running !== null) return this.lookupAfter(this.running, kid);
    if (now >= this.dueAt) return this.lookupAfter(this.refresh(), kid);
    if (this.failing) return this.unavailable(now);
    if (this.unknownKids.has(kid, now) || !this.bucket.tryTake(now)) {
      this.deps.counters.increment('issuer_key_unknown', 'held-back');
      return UNKNOWN;
    }
    this.deps.counters.increment('issuer_key_unknown', 'fetched');
    return this.lookupFresh(kid);
  }

  private async lookupFresh(kid: string): Promise<KeyLookup> {
    const answer = await this.lookupAfter(this.refresh(), kid);
    // Only who began the fetch may conclude from it: one that was under way already may be older than the key.
    if (answer.status === 'unknown') this.unknownKids.add(kid, this.deps.clock.monotonic());
    return answer;
  }

  private async lookupAfter(fetching: Promise<void>, kid: string): Promise<KeyLookup> {
    await fetching;
    const now = this.deps.clock.monotonic();
    this.forgetExpired(now);
    const found = this.keys?.get(kid);
    if (found !== undefined) return found;
    return this.failing || this.keys === null ? this.unavailable(now) : UNKNOWN;
  }

  private refresh(): Promise<void> {
    this.running ??= this.fetchOnce().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /** Never rejects: a fetch that fails changes nothing but the time of the next one. */
  private async fetchOnce(): Promise<void> {
    const { source, location } = this.deps;
    try {
      this.accept(await source.fetchKeySet(location, this.jwksHost));
    } catch (error) {
      this.holdBack(error);
    }
  }

  private accept({ jwks, jwksHost }: FetchedKeySet): void {
    const { algorithms, location } = this.deps;
    const { keys, refused } = ofCloud(importVerificationKeys(jwks, algorithms), location.cloudNames);
    for (const { reason } of refused) this.deps.counters.increment('issuer_key_refused', reason);
    // INVARIANT: an empty set never takes the place of a good one, and no failure ever ends in a default.
    if (keys.length === 0) throw new MetadataFault('no-usable-key', `the key set of ${location.iss} has no usable key`);
    if (this.collapse.isUnconfirmed(this.keys, keys)) {
      throw new MetadataFault('keys-collapsed', `the key set of ${location.iss} lost most of its keys; waiting to see it again`);
    }
    const now = this.deps.clock.monotonic();
    this.keys = new Map(keys.map((key) => [key.kid, Object.freeze({ status: 'found', key })]));
    this.jwksHost = jwksHost;
    this.fetchedAt = now;
    this.failing = false;
    this.dueAt = now + spread(this.deps.pace.refreshMs, 0.9, 1.1);
    this.deps.counters.increment('issuer_keys_refreshed');
  }

  private holdBack(error: unknown): void {
    const reason = error instanceof MetadataFault ? error.reason : 'unreachable';
    this.failing = true;
    this.lastFailure = { reason, at: this.deps.clock.monotonic() };
    this.dueAt = this.deps.clock.monotonic() + spread(RETRY_AFTER_FAILURE_MS, 1, 1.2);
    this.deps.counters.increment('issuer_keys_refresh_failed', reason);
    this.deps.logger.warn('issuer_keys.refresh_failed', {
      issuer: this.deps.issuerName,
      iss: this.deps.location.iss,
      reason,
      detail: error instanceof MetadataFault ? error.message : 'unexpected error',
      servingLastGood: this.keys !== null,
    });
  }

  private forgetExpired(now: number): void {
    if (this.keys === null || now - this.fetchedAt < LAST_GOOD_MS) return;
    this.keys = null;
    this.jwksHost = null;
    this.deps.counters.increment('issuer_keys_expired');
    this.deps.logger.error('issuer_keys.expired', { issuer: this.deps.issuerName, iss: this.deps.location.iss });
  }

  private unavailable(now: number): KeyLookup {
    return { status: 'unavailable', retryAfterSeconds: Math.max(1, Math.ceil((this.dueAt - now) / 1000)) };
  }
}

/** Keeps processes that started together from fetching together. */
function spread(milliseconds: number, low: number, high: number): number {
  return Math.round(milliseconds * (low + ((high - low) * randomInt(1_000)) / 1_000));
}
