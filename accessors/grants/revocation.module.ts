import { Module } from '@nestjs/common';
import { CHANGE_FEED, type ChangeFeed } from '#utilities/change-feed/contract.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { DATABASE, type Database } from '#utilities/database/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { DefaultRevocationAccess } from './default.revocation.access.js';
import { REVOCATION_ACCESS } from './revocation.contract.js';

@Module({
  providers: [
    {
      provide: REVOCATION_ACCESS,
      // Nothing is open before it is known what is revoked.
      useFactory: async (database: Database, changeFeed: ChangeFeed, clock: Clock, logger: Logger) => {
        const access = new DefaultRevocationAccess({ database, changeFeed, clock, logger });
        await access.load();
        return access;
      },
      inject: [DATABASE, CHANGE_FEED, CLOCK, LOGGER],
    },
  ],
  exports: [REVOCATION_ACCESS],
})
export class RevocationModule {}
