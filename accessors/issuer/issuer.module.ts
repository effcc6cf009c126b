import { Module } from '@nestjs/common';
import { CHANGE_FEED, type ChangeFeed } from '#utilities/change-feed/contract.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { DATABASE, type Database, UNIT_OF_WORK, type UnitOfWork } from '#utilities/database/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { ISSUER_ACCESS } from './contract.js';
import { DefaultIssuerAccess } from './default.issuer.access.js';
import { FETCH_MAX_BYTES, FETCH_TIMEOUT_MS } from './fetch-policy.js';
import { HttpMetadataSource } from './http.metadata.source.js';
import { KeyRefreshTimer } from './key-refresh.timer.js';
import { GuardedHttp } from './outbound/guarded.http.js';
import { OutboundGuard } from './outbound/outbound.guard.js';
import { systemResolver } from './outbound/system.resolver.js';
import { IssuerStore } from './stores/issuer.store.js';

function makeAccess(
  database: Database,
  unitOfWork: UnitOfWork,
  changeFeed: ChangeFeed,
  settings: Settings,
  clock: Clock,
  logger: Logger,
  counters: Counters,
): DefaultIssuerAccess {
  const { allowLoopbackHttp } = settings.outbound;
  const policy = { ...settings.outbound, timeoutMs: FETCH_TIMEOUT_MS, maxBytes: FETCH_MAX_BYTES };
  const http = new GuardedHttp({ guard: new OutboundGuard({ policy, resolve: systemResolver }) });
  return new DefaultIssuerAccess({
    store: new IssuerStore({ database }),
    unitOfWork,
    changeFeed,
    source: new HttpMetadataSource({ policy, http }),
    rules: { allowLoopbackHttp, ownIssuer: settings.issuer },
    clock,
    logger,
    counters,
  });
}

@Module({
  providers: [
    {
      provide: ISSUER_ACCESS,
      useFactory: makeAccess,
      inject: [DATABASE, UNIT_OF_WORK, CHANGE_FEED, SETTINGS, CLOCK, LOGGER, COUNTERS],
    },
    {
      provide: KeyRefreshTimer,
      useFactory: (access: DefaultIssuerAccess) => new KeyRefreshTimer({ access }),
      inject: [ISSUER_ACCESS],
    },
  ],
  exports: [ISSUER_ACCESS],
})
export class IssuerModule {}
