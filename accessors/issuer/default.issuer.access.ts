import type { CallContext } from '#utilities/call-context/contract.js';
import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type { IssuerAccess, IssuerRegistration, KeyLookup, KeySetState, TrustedIssuer } from './contract.js';
import type { MetadataSource } from './http.metadata.source.js';
import { IssuerKeySet, type KeySetPace } from './issuer-key-set.js';
import type { RegistrationRules } from './issuer-registration.check.js';
import type { IssuerTrust } from './issuer-trust.js';
import { KeyRefreshRounds } from './key-refresh.rounds.js';
import type { MetadataLocation } from './metadata-location.js';
import type { IssuerStore } from './stores/issuer.store.js';
import type { TrustEntry } from './trust-map.js';
import { TrustedIssuers } from './trusted-issuers.js';

export interface IssuerAccessDeps {
  readonly store: Pick<IssuerStore, 'readActive'>;
  readonly issuerTrust: Pick<IssuerTrust, 'register'>;
  readonly unitOfWork: UnitOfWork;
  readonly changeFeed: ChangeFeed;
  readonly source: MetadataSource;
  readonly rules: RegistrationRules;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
}

const MINUTE_MS = 60_000;
const PACE: Readonly<Record<TrustedIssuer['provider'], KeySetPace>> = {
  oidc: { refreshMs: 5 * MINUTE_MS, unknownKidMs: MINUTE_MS / 2 },
  // Microsoft's own advice for its signing keys: hourly, and at most once in 5 minutes for an unknown key.
  'entra-id': { refreshMs: 60 * MINUTE_MS, unknownKidMs: 5 * MINUTE_MS },
};
const UNKNOWN: KeyLookup = Object.freeze({ status: 'unknown' });

export class DefaultIssuerAccess implements IssuerAccess {
  private readonly trust: TrustedIssuers;
  private readonly rounds = new KeyRefreshRounds();

  constructor(private readonly deps: IssuerAccessDeps) {
    this.trust = new TrustedIssuers({
      ...deps,
      readActive: () => deps.store.readActive(),
      makeKeySet: (issuer, location) => this.makeKeySet(issuer, location),
    });
  }

  async trustedIssuer(_context: CallContext, iss: string): Promise<TrustedIssuer | undefined> {
    const trust = this.trust.current() ?? (await this.trust.load());
    return trust.get(iss)?.issuer;
  }

  // eslint-disable-next-line max-params -- the operation as the contract has it
  async verificationKey(_context: CallContext, issuer: TrustedIssuer, iss: string, kid: string): Promise<KeyLookup> {
    const trust = this.trust.current() ?? (await this.trust.load());
    const entry = trust.get(iss);
    // SECURITY: keys are looked up by their owner, never by key id alone (CVE-2026-49998); a disabled issuer has none.
    if (entry === undefined || entry.issuer.name !== issuer.name) return UNKNOWN;
    return entry.keys.lookup(kid);
  }

  async registerIssuer(_context: CallContext, registration: IssuerRegistration): Promise<'created' | 'updated' | 'unchanged'> {
    return this.deps.unitOfWork.run(() => this.deps.issuerTrust.register(registration));
  }

  /** Fetches every key set that is due, off the path of any caller. Waits for nothing. */
  refreshDueKeySets(): void {
    this.rounds.begin(this.entries());
  }

  issuersInMemory(): readonly TrustedIssuer[] {
    return [...new Set(this.entries().map(({ issuer }) => issuer))];
  }

  /** How the key sets of this process stand. */
  keySetStates(): readonly KeySetState[] {
    return this.entries().map(({ keys }) => keys.state());
  }

  issuersHoldingKey(kid: string): readonly string[] {
    const holders = this.entries().filter(({ keys }) => keys.holds(kid));
    return [...new Set(holders.map(({ issuer }) => issuer.name))];
  }

  private entries(): readonly TrustEntry[] {
    return [...(this.trust.lastLoaded()?.entries() ?? [])];
  }

  private makeKeySet(issuer: TrustedIssuer, location: MetadataLocation): IssuerKeySet {
    return new IssuerKeySet({
      ...this.deps,
      issuerName: issuer.name,
      location,
      algorithms: issuer.algorithms,
      pace: PACE[issuer.provider],
    });
  }
}
