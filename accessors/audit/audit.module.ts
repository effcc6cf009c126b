import { Module } from '@nestjs/common';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { DATABASE, type Database } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { AuditStore } from './audit.store.js';
import { AUDIT_ACCESS, CHANGE_TRAIL } from './contract.js';
import { auditLimits, PostgresAuditAccess } from './postgres.audit.access.js';

@Module({
  providers: [
    {
      provide: AUDIT_ACCESS,
      useFactory: (database: Database, clock: Clock, ids: IdSource, counters: Counters, logger: Logger) =>
        new PostgresAuditAccess({
          store: new AuditStore({ database }),
          clock,
          ids,
          counters,
          logger,
          limits: auditLimits(database.engine),
        }),
      inject: [DATABASE, CLOCK, ID_SOURCE, COUNTERS, LOGGER],
    },
    { provide: CHANGE_TRAIL, useExisting: AUDIT_ACCESS },
  ],
  exports: [AUDIT_ACCESS, CHANGE_TRAIL],
})
export class AuditModule {}
