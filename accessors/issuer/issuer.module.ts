import { Module } from '@nestjs/common';
import { CHANGE_FEED, type ChangeFeed } from '#utilities/change-feed/contract.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import {
  DATABASE,
  type Database,
  UNIT_OF_WORK,
  type UnitOfWork,
  type Waiter,
  WAITERS,
  type Waiters,
} from '#utilities/database/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { ISSUER_ACCESS, ISSUER_REGISTRY, type KeySetState } from './contract.js';
import { DefaultIssuerAccess } from './default.issuer.access.js';
import { DefaultIssuerRegistry } from './default.issuer.registry.js';
import { FETCH_MAX_BYTES, FETCH_TIMEOUT_MS } from './fetch-policy.js';
import { HttpMetadataSource } from './http.metadata.source.js';
import { ISSUER_PRESETS, type IssuerPreset } from './issuer-preset.contract.js';
import { IssuerProber } from './issuer.prober.js';
import { IssuerTrust } from './issuer-trust.js';
import { KeyRefreshTimer } from './key-refresh.timer.js';
import { GuardedHttp } from './outbound/guarded.http.js';
import { OutboundGuard } from './outbound/outbound.guard.js';
import { systemResolver } from './outbound/system.resolver.js';
import { IssuerStore } from './stores/issuer.store.js';
import { IssuerVersionStore } from './stores/issuer-version.store.js';

interface IssuerParts {
  readonly access: DefaultIssuerAccess;
  readonly registry: DefaultIssuerRegistry;
}

/** What all callers share is read for all of them, whoever happens to ask first and stops waiting. */
const EVERYBODY: Waiter = { isGone: false, onGone: () => () => undefined };

const ISSUER_PARTS: unique symbol = Symbol('IssuerParts');

function makeParts(
  database: Database,
  unitOfWork: UnitOfWork,
  changeFeed: ChangeFeed,
  settings: Settings,
  clock: Clock,
  logger: Logger,
  counters: Counters,
  presets: readonly IssuerPreset[],
  waiters: Waiters,
): IssuerParts {
  const { allowLoopbackHttp } = settings.outbound;
  const policy = { ...settings.outbound, timeoutMs: FETCH_TIMEOUT_MS, maxBytes: FETCH_MAX_BYTES };
  const http = new GuardedHttp({ guard: new OutboundGuard({ policy, resolve: systemResolver }) });
  const store = new IssuerStore({ database });
  const rules = { allowLoopbackHttp, ownIssuer: settings.issuer, presets };
  const versions = new IssuerVersionStore({ database });
  const trust = new IssuerTrust({ store, versions, rules });
  const source = new HttpMetadataSource({ policy, http });
  const access = new DefaultIssuerAccess({
    store: { readActive: () => waiters.runFor(EVERYBODY, () => store.readActive()) },
    issuerTrust: trust,
    unitOfWork,
    changeFeed,
    source,
    rules,
    clock,
    logger,
    counters,
  });
  const keySets = (): readonly KeySetState[] => access.keySetStates();
  const registry = new DefaultIssuerRegistry({ trust, versions, prober: new IssuerProber({ source }), unitOfWork, keySets });
  return { access, registry };
}

@Module({
  providers: [
    {
      provide: ISSUER_PARTS,
      useFactory: makeParts,
      inject: [DATABASE, UNIT_OF_WORK, CHANGE_FEED, SETTINGS, CLOCK, LOGGER, COUNTERS, ISSUER_PRESETS, WAITERS],
    },
    { provide: ISSUER_ACCESS, useFactory: ({ access }: IssuerParts) => access, inject: [ISSUER_PARTS] },
    { provide: ISSUER_REGISTRY, useFactory: ({ registry }: IssuerParts) => registry, inject: [ISSUER_PARTS] },
    {
      provide: KeyRefreshTimer,
      useFactory: (access: DefaultIssuerAccess) => new KeyRefreshTimer({ access }),
      inject: [ISSUER_ACCESS],
    },
  ],
  exports: [ISSUER_ACCESS, ISSUER_REGISTRY],
})
export class IssuerModule {}
