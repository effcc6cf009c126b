import { Module } from '@nestjs/common';
import { CHANGE_FEED, EPOCH_CACHES, type ChangeFeed, type EpochCaches } from '#utilities/change-feed/contract.js';
import { DATABASE, UNIT_OF_WORK, type Database, type UnitOfWork } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { FACT_ACCESS } from './contract.js';
import { DefaultFactAccess } from './default.fact.access.js';

@Module({
  providers: [
    {
      provide: FACT_ACCESS,
      useFactory: (database: Database, unitOfWork: UnitOfWork, changeFeed: ChangeFeed, caches: EpochCaches, ids: IdSource) =>
        new DefaultFactAccess({ database, unitOfWork, changeFeed, caches, ids }),
      inject: [DATABASE, UNIT_OF_WORK, CHANGE_FEED, EPOCH_CACHES, ID_SOURCE],
    },
  ],
  exports: [FACT_ACCESS],
})
export class FactsModule {}
