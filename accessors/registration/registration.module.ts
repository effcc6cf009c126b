import { Module } from '@nestjs/common';
import { EPOCH_CACHES, type EpochCaches } from '#utilities/change-feed/contract.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { DATABASE, UNIT_OF_WORK, type Database, type UnitOfWork } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { CLIENT_REGISTRY } from './client-registry.contract.js';
import { REGISTRATION_ACCESS } from './contract.js';
import { DefaultClientRegistry } from './default.client.registry.js';
import { DefaultRegistrationAccess } from './default.registration.access.js';

@Module({
  providers: [
    {
      provide: REGISTRATION_ACCESS,
      useFactory: (database: Database, unitOfWork: UnitOfWork, caches: EpochCaches, clock: Clock, ids: IdSource) =>
        new DefaultRegistrationAccess({ database, unitOfWork, caches, clock, ids }),
      inject: [DATABASE, UNIT_OF_WORK, EPOCH_CACHES, CLOCK, ID_SOURCE],
    },
    {
      provide: CLIENT_REGISTRY,
      useFactory: (database: Database, clock: Clock) => new DefaultClientRegistry({ database, clock }),
      inject: [DATABASE, CLOCK],
    },
  ],
  exports: [REGISTRATION_ACCESS, CLIENT_REGISTRY],
})
export class RegistrationModule {}
