import { Module } from '@nestjs/common';
import { EPOCH_CACHES, type EpochCaches } from '#utilities/change-feed/contract.js';
import { DATABASE, UNIT_OF_WORK, type Database, type UnitOfWork } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { POLICY_ACCESS } from './contract.js';
import { DefaultPolicyAccess } from './default.policy.access.js';

@Module({
  providers: [
    {
      provide: POLICY_ACCESS,
      useFactory: (database: Database, unitOfWork: UnitOfWork, caches: EpochCaches, ids: IdSource) =>
        new DefaultPolicyAccess({ database, unitOfWork, caches, ids }),
      inject: [DATABASE, UNIT_OF_WORK, EPOCH_CACHES, ID_SOURCE],
    },
  ],
  exports: [POLICY_ACCESS],
})
export class PolicyAccessModule {}
