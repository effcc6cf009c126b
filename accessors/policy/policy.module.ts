import { Module } from '@nestjs/common';
import { EPOCH_CACHES, type EpochCaches } from '#utilities/change-feed/contract.js';
import { DATABASE, UNIT_OF_WORK, type Database, type UnitOfWork } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { POLICY_ACCESS, POLICY_LIFE } from './contract.js';
import { DefaultPolicyAccess } from './default.policy.access.js';
import { DefaultPolicyLife } from './default.policy.life.js';
import { POLICY_STORE, type PolicyStore } from './policy-store.contract.js';
import { PostgresPolicyStore } from './stores/postgres.policy-store.js';

@Module({
  providers: [
    {
      provide: POLICY_STORE,
      useFactory: (database: Database, unitOfWork: UnitOfWork, ids: IdSource) =>
        new PostgresPolicyStore({ database, unitOfWork, ids }),
      inject: [DATABASE, UNIT_OF_WORK, ID_SOURCE],
    },
    {
      provide: POLICY_ACCESS,
      useFactory: (store: PolicyStore, database: Database, unitOfWork: UnitOfWork, caches: EpochCaches, ids: IdSource) =>
        new DefaultPolicyAccess({ store, database, unitOfWork, caches, ids }),
      inject: [POLICY_STORE, DATABASE, UNIT_OF_WORK, EPOCH_CACHES, ID_SOURCE],
    },
    {
      provide: POLICY_LIFE,
      useFactory: (store: PolicyStore) => new DefaultPolicyLife({ store }),
      inject: [POLICY_STORE],
    },
  ],
  exports: [POLICY_ACCESS, POLICY_LIFE],
})
export class PolicyAccessModule {}
