import { Module } from '@nestjs/common';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { DATABASE, type Database } from '#utilities/database/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { GRANTS_ACCESS } from './contract.js';
import { DefaultGrantsAccess } from './default.grants.access.js';
import { UsedIdStore } from './stores/used-id.store.js';

interface Tools {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
}

function makeGrants({ grants }: Settings, database: Database, tools: Tools): DefaultGrantsAccess {
  return new DefaultGrantsAccess({
    store: new UsedIdStore({ database }),
    whenStoreIsAway: grants.replayWhenStoreIsAway,
    ...tools,
  });
}

@Module({
  providers: [
    {
      provide: GRANTS_ACCESS,
      useFactory: (...[settings, database, clock, counters, logger]: [Settings, Database, Clock, Counters, Logger]) =>
        makeGrants(settings, database, { clock, counters, logger }),
      inject: [SETTINGS, DATABASE, CLOCK, COUNTERS, LOGGER],
    },
  ],
  exports: [GRANTS_ACCESS],
})
export class GrantsModule {}
