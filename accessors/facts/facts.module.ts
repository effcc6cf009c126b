import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CHANGE_FEED, type ChangeFeed, EPOCH_CACHES, type EpochCaches } from '#utilities/change-feed/contract.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { DATABASE, type Database } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { FACT_ACCESS } from './contract.js';
import { DefaultFactAccess } from './default.fact.access.js';
import { DefaultLiveData } from './default.live-data.js';
import { DefaultSubjectSearch } from './default.subject-search.js';
import { ExternalFactsReader } from './external/external.facts.reader.js';
import { type ConfiguredFactSource, FACT_SOURCES } from './fact-source.contract.js';
import { LIVE_DATA } from './live-data.contract.js';
import { SUBJECT_SEARCH } from './subject-search.contract.js';

function makeFacts(
  database: Database,
  changeFeed: ChangeFeed,
  caches: EpochCaches,
  ids: IdSource,
  external: ExternalFactsReader,
): DefaultFactAccess {
  return new DefaultFactAccess({ database, changeFeed, caches, ids, external });
}

function makeExternal(sources: readonly ConfiguredFactSource[], clock: Clock, logger: Logger): ExternalFactsReader {
  return new ExternalFactsReader({ sources, clock, logger });
}

@Module({
  providers: [
    { provide: ExternalFactsReader, useFactory: makeExternal, inject: [FACT_SOURCES, CLOCK, LOGGER] },
    {
      provide: FACT_ACCESS,
      useFactory: makeFacts,
      inject: [DATABASE, CHANGE_FEED, EPOCH_CACHES, ID_SOURCE, ExternalFactsReader],
    },
    {
      provide: LIVE_DATA,
      useFactory: (database: Database, ids: IdSource) => new DefaultLiveData({ database, ids }),
      inject: [DATABASE, ID_SOURCE],
    },
    {
      provide: SUBJECT_SEARCH,
      useFactory: (database: Database) => new DefaultSubjectSearch({ database }),
      inject: [DATABASE],
    },
  ],
  exports: [FACT_ACCESS, LIVE_DATA, SUBJECT_SEARCH],
})
export class FactsModule implements OnApplicationShutdown {
  constructor(@Inject(ExternalFactsReader) private readonly external: ExternalFactsReader) {}

  onApplicationShutdown(): Promise<void> {
    return this.external.close();
  }
}
