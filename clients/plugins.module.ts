import { type DynamicModule, Global, Module, type Provider } from '@nestjs/common';
import { type ConfiguredFactSource, FACT_SOURCES } from '#accessors/facts/fact-source.contract.js';
import { ISSUER_PRESETS } from '#accessors/issuer/issuer-preset.contract.js';
import { IDENTITY_PROVIDERS } from '#engines/token-validation/identity-provider.contract.js';
import { BUILT_IN_PRESETS } from '#engines/token-validation/presets/issuer-presets.js';
import { createEntraIdIdentityProvider } from '#engines/token-validation/providers/entra-id.identity-provider.js';
import { createOidcIdentityProvider } from '#engines/token-validation/providers/oidc.identity-provider.js';
import { CHANGE_FEED, type ChangeFeed, EPOCH_CACHES, type EpochCaches } from '#utilities/change-feed/contract.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { DATABASE, type Database, UNIT_OF_WORK, type UnitOfWork, WAITERS, type Waiters } from '#utilities/database/contract.js';
import { FAILURE_SIGNATURES } from '#utilities/failure-signatures/contract.js';
import { DefaultFailureSignatures } from '#utilities/failure-signatures/default.failure-signatures.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { CLIENT_RATE, ISSUER_RATE } from '#utilities/resilience/contract.js';
import { GcraRateLimiter } from '#utilities/resilience/gcra.rate-limiter.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';

/** What every room may use, made once by the host before Nest starts. */
export interface Foundations {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly waiters: Waiters;
  readonly changeFeed: ChangeFeed;
  readonly epochCaches: EpochCaches;
  readonly factSources: readonly ConfiguredFactSource[];
}

function ratesOf({ settings, clock }: Foundations): Provider[] {
  const limiter = (perSecond: () => number | null) => (): GcraRateLimiter =>
    new GcraRateLimiter({ clock, perSecond: perSecond() });
  return [
    { provide: CLIENT_RATE, useFactory: limiter(() => settings.limits.perClientPerSecond) },
    { provide: ISSUER_RATE, useFactory: limiter(() => settings.limits.perIssuerPerSecond) },
  ];
}

/** The one global module: utilities and the lists of plug-ins. Everything else is imported by whoever needs it. */
@Global()
@Module({})
export class PluginsModule {
  static register(foundations: Foundations): DynamicModule {
    const providers: Provider[] = [
      { provide: SETTINGS, useValue: foundations.settings },
      { provide: CLOCK, useValue: foundations.clock },
      { provide: ID_SOURCE, useValue: foundations.ids },
      { provide: LOGGER, useValue: foundations.logger },
      { provide: COUNTERS, useValue: foundations.counters },
      ...ratesOf(foundations),
      { provide: DATABASE, useValue: foundations.database },
      { provide: UNIT_OF_WORK, useValue: foundations.unitOfWork },
      { provide: WAITERS, useValue: foundations.waiters },
      { provide: CHANGE_FEED, useValue: foundations.changeFeed },
      { provide: EPOCH_CACHES, useValue: foundations.epochCaches },
      { provide: FACT_SOURCES, useValue: foundations.factSources },
      { provide: FAILURE_SIGNATURES, useValue: new DefaultFailureSignatures() },
      { provide: ISSUER_PRESETS, useValue: BUILT_IN_PRESETS },
      { provide: IDENTITY_PROVIDERS, useValue: [createEntraIdIdentityProvider(), createOidcIdentityProvider()] },
    ];
    return {
      module: PluginsModule,
      providers,
      exports: [
        SETTINGS,
        CLOCK,
        ID_SOURCE,
        LOGGER,
        COUNTERS,
        CLIENT_RATE,
        ISSUER_RATE,
        DATABASE,
        UNIT_OF_WORK,
        WAITERS,
        CHANGE_FEED,
        EPOCH_CACHES,
        FACT_SOURCES,
        FAILURE_SIGNATURES,
        IDENTITY_PROVIDERS,
        ISSUER_PRESETS,
      ],
    };
  }
}
