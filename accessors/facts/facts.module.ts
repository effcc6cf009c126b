import { Module } from '@nestjs/common';
import { CHANGE_FEED, EPOCH_CACHES, type ChangeFeed, type EpochCaches } from '#utilities/change-feed/contract.js';
import { DATABASE, type Database } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { FACT_ACCESS } from './contract.js';
import { DefaultFactAccess } from './default.fact.access.js';
import { DefaultLiveData } from './default.live-data.js';
import { LIVE_DATA } from './live-data.contract.js';

@Module({
  providers: [
    {
      provide: FACT_ACCESS,
      useFactory: (database: Database, changeFeed: ChangeFeed, caches: EpochCaches, ids: IdSource) =>
        new DefaultFactAccess({ database, changeFeed, caches, ids }),
      inject: [DATABASE, CHANGE_FEED, EPOCH_CACHES, ID_SOURCE],
    },
    {
      provide: LIVE_DATA,
      useFactory: (database: Database, ids: IdSource) => new DefaultLiveData({ database, ids }),
      inject: [DATABASE, ID_SOURCE],
    },
  ],
  exports: [FACT_ACCESS, LIVE_DATA],
})
export class FactsModule {}
