import { Module } from '@nestjs/common';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { DATABASE, type Database } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { AuditStore } from './audit.store.js';
import { AUDIT_ACCESS, CHANGE_TRAIL, DECISION_TRAIL } from './contract.js';
import { DecisionStore } from './decision.store.js';
import { auditLimits, PostgresAuditAccess } from './postgres.audit.access.js';
import { PostgresDecisionTrail } from './postgres.decision.trail.js';

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
    {
      provide: DECISION_TRAIL,
      useFactory: (database: Database, clock: Clock, ids: IdSource, counters: Counters, logger: Logger) =>
        new PostgresDecisionTrail({ store: new DecisionStore({ database }), clock, ids, counters, logger }),
      inject: [DATABASE, CLOCK, ID_SOURCE, COUNTERS, LOGGER],
    },
  ],
  exports: [AUDIT_ACCESS, CHANGE_TRAIL, DECISION_TRAIL],
})
export class AuditModule {}
