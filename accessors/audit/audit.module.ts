import { Module } from '@nestjs/common';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { DATABASE, type Database, UNIT_OF_WORK, type UnitOfWork } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { AUDIT_EVIDENCE } from './audit-evidence.contract.js';
import { AUDIT_TRAIL } from './audit-trail.contract.js';
import { AuditStore } from './audit.store.js';
import { AUDIT_ACCESS, CHANGE_TRAIL, DECISION_TRAIL } from './contract.js';
import { DecisionStore } from './decision.store.js';
import { EvidenceStore } from './evidence.store.js';
import { auditLimits, PostgresAuditAccess } from './postgres.audit.access.js';
import { PostgresAuditEvidence } from './postgres.audit.evidence.js';
import { PostgresAuditTrail } from './postgres.audit.trail.js';
import { PostgresDecisionTrail } from './postgres.decision.trail.js';
import { AuditSpool } from './spool/audit-spool.js';
import { TrailStore } from './trail.store.js';

/** Of this module alone: `null` where no disk was configured. */
const AUDIT_SPOOL: unique symbol = Symbol('AuditSpool');

@Module({
  providers: [
    {
      provide: AUDIT_SPOOL,
      useFactory: (database: Database, settings: Settings, clock: Clock, ids: IdSource, counters: Counters, logger: Logger) => {
        const { spool } = settings.audit;
        if (spool === null) return null;
        const store = new AuditStore({ database });
        return new AuditSpool({ settings: spool, insert: (batch) => store.insert(batch), clock, ids, counters, logger });
      },
      inject: [DATABASE, SETTINGS, CLOCK, ID_SOURCE, COUNTERS, LOGGER],
    },
    {
      provide: AUDIT_ACCESS,
      useFactory: (
        database: Database,
        clock: Clock,
        ids: IdSource,
        counters: Counters,
        logger: Logger,
        spool: AuditSpool | null,
      ) =>
        new PostgresAuditAccess({
          store: new AuditStore({ database }),
          clock,
          ids,
          counters,
          logger,
          limits: auditLimits(database.engine),
          ...(spool === null ? {} : { spool }),
        }),
      inject: [DATABASE, CLOCK, ID_SOURCE, COUNTERS, LOGGER, AUDIT_SPOOL],
    },
    { provide: CHANGE_TRAIL, useExisting: AUDIT_ACCESS },
    {
      provide: DECISION_TRAIL,
      useFactory: (database: Database, clock: Clock, ids: IdSource, counters: Counters, logger: Logger) =>
        new PostgresDecisionTrail({ store: new DecisionStore({ database }), clock, ids, counters, logger }),
      inject: [DATABASE, CLOCK, ID_SOURCE, COUNTERS, LOGGER],
    },
    {
      provide: AUDIT_EVIDENCE,
      useFactory: (database: Database, unitOfWork: UnitOfWork, settings: Settings, counters: Counters, logger: Logger) =>
        new PostgresAuditEvidence({
          store: new EvidenceStore({ database, unitOfWork }),
          anchor: settings.audit.anchor,
          counters,
          logger,
        }),
      inject: [DATABASE, UNIT_OF_WORK, SETTINGS, COUNTERS, LOGGER],
    },
    {
      provide: AUDIT_TRAIL,
      useFactory: (database: Database, unitOfWork: UnitOfWork, spool: AuditSpool | null) =>
        new PostgresAuditTrail({ store: new TrailStore({ database, unitOfWork }), ...(spool === null ? {} : { spool }) }),
      inject: [DATABASE, UNIT_OF_WORK, AUDIT_SPOOL],
    },
  ],
  exports: [AUDIT_ACCESS, CHANGE_TRAIL, DECISION_TRAIL, AUDIT_EVIDENCE, AUDIT_TRAIL],
})
export class AuditModule {}
