import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { TrustedIssuer } from './contract.js';
import type { IssuerKeySet } from './issuer-key-set.js';
import { type IssuerRecord, toTrustedIssuer } from './issuer-record.js';
import { registrationFaults, type RegistrationRules } from './issuer-registration.check.js';
import { type MetadataLocation, metadataLocations } from './metadata-location.js';
import { type TrustEntry, TrustMap } from './trust-map.js';

export interface TrustedIssuersDeps {
  readonly readActive: () => Promise<readonly IssuerRecord[]>;
  readonly makeKeySet: (issuer: TrustedIssuer, location: MetadataLocation) => IssuerKeySet;
  readonly changeFeed: ChangeFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rules: RegistrationRules;
}

/** Trust that the database could not confirm for so long is no longer acted on. */
const MAX_UNCONFIRMED_MS = 5 * 60 * 1000;
const RETRY_AFTER_FAILURE_MS = 1_000;

/** All active issuers in memory, read again after each change that the feed tells of. */
export class TrustedIssuers {
  private map: TrustMap | null = null;
  /** Changes that were heard of, and how many of them `map` holds. */
  private heard = 0;
  private held = -1;
  private loadedAt = 0;
  private retryAt = 0;
  private loading: Promise<void> | null = null;

  constructor(private readonly deps: TrustedIssuersDeps) {
    deps.changeFeed.onChange((topic) => {
      if (topic === PLATFORM_TENANT) this.heard += 1;
    });
  }

  /** The map if it is known to be current; makes no promise, so that the hot path pays none. */
  current(): TrustMap | undefined {
    return this.map !== null && this.held === this.heard && this.isConfirmed() ? this.map : undefined;
  }

  /** Whatever was loaded last, current or not. */
  lastLoaded(): TrustMap | null {
    return this.map;
  }

  /**
   * Reads the map again, once for all concurrent callers. Where that fails, the old one serves as long as it is confirmed.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  async load(): Promise<TrustMap> {
    const wanted = this.heard;
    if (this.map !== null && this.isConfirmed() && this.deps.clock.monotonic() < this.retryAt) return this.map;
    try {
      // A load that began before the latest change may not hold it; at most one more is needed.
      do await this.loadOnce();
      while (this.held < wanted);
    } catch (cause) {
      this.retryAt = this.deps.clock.monotonic() + RETRY_AFTER_FAILURE_MS;
      if (this.map === null || !this.isConfirmed()) throw new CodedError('STORE_UNAVAILABLE', { retryAfterSeconds: 1, cause });
      this.deps.logger.warn('issuers.reload_failed', { servingFor: 'at most 5 min' });
    }
    if (this.map === null) throw new CodedError('STORE_UNAVAILABLE', { retryAfterSeconds: 1 });
    return this.map;
  }

  private loadOnce(): Promise<void> {
    this.loading ??= this.read().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  private async read(): Promise<void> {
    const heard = this.heard;
    const startedAt = this.deps.clock.monotonic();
    const records = await this.deps.readActive();
    this.map = this.build(records);
    this.held = heard;
    this.loadedAt = startedAt;
  }

  private build(records: readonly IssuerRecord[]): TrustMap {
    const map = new Map<string, TrustEntry>();
    const contested = new Set<string>();
    for (const issuer of records.flatMap((record) => this.accept(record))) {
      for (const location of metadataLocations(issuer)) {
        if (map.has(location.iss)) contested.add(location.iss);
        map.set(location.iss, this.entry(issuer, location));
      }
    }
    // SECURITY: whose keys would count for it is open, so an `iss` with two owners has none.
    for (const iss of contested) {
      map.delete(iss);
      this.deps.logger.error('issuers.contested', { iss });
    }
    return new TrustMap(map);
  }

  /** SECURITY: the rules of registration hold for what is stored as well, or it does not load. */
  private accept(record: IssuerRecord): TrustedIssuer[] {
    const issuer = toTrustedIssuer(record);
    const faults = issuer === undefined ? ['config: not readable'] : registrationFaults(issuer, this.deps.rules);
    if (issuer !== undefined && faults.length === 0) return [issuer];
    this.deps.logger.error('issuers.refused', { issuer: record.name, faults });
    return [];
  }

  /** Keys outlive a reload: an unrelated change must not lose the last good set of an issuer that is away. */
  private entry(issuer: TrustedIssuer, location: MetadataLocation): TrustEntry {
    const keysIdentity = JSON.stringify([issuer.name, location, [...issuer.algorithms].sort()]);
    const before = this.map?.owned(location.iss);
    const keys = before?.keysIdentity === keysIdentity ? before.keys : this.deps.makeKeySet(issuer, location);
    return { issuer, keys, keysIdentity };
  }

  private isConfirmed(): boolean {
    const { changeFeed, clock } = this.deps;
    return changeFeed.confirmedAge() <= MAX_UNCONFIRMED_MS || clock.monotonic() - this.loadedAt <= MAX_UNCONFIRMED_MS;
  }
}
