import { AuditEvidence1790000009500 } from '#accessors/audit/migrations/1790000009500-audit-evidence.migration.js';
import { AuditGuards1790000015100 } from '#accessors/audit/migrations/1790000015100-audit-guards.migration.js';
import { AuditFunctions1790000009200 } from '#accessors/audit/migrations/1790000009200-audit-functions.migration.js';
import { AuditTables1790000005000 } from '#accessors/audit/migrations/1790000005000-audit-tables.migration.js';
import { DecisionTable1790000006300 } from '#accessors/audit/migrations/1790000006300-decision-table.migration.js';
import { FactTables1790000002000 } from '#accessors/facts/migrations/1790000002000-fact-tables.migration.js';
import { LiveDataTables1790000007000 } from '#accessors/facts/migrations/1790000007000-live-data-tables.migration.js';
import { FactFunctions1790000007100 } from '#accessors/facts/migrations/1790000007100-fact-functions.migration.js';
import { SubjectSearch1790000015400 } from '#accessors/facts/migrations/1790000015400-subject-search.migration.js';
import { UsedIds1790000012000 } from '#accessors/grants/migrations/1790000012000-used-ids.migration.js';
import { Revocations1790000013000 } from '#accessors/grants/migrations/1790000013000-revocations.migration.js';
import { IssuerTables1790000003000 } from '#accessors/issuer/migrations/issuer-tables.migration.js';
import { KeyLifecycle1790000006000 } from '#accessors/key/migrations/1790000006000-key-lifecycle.migration.js';
import { StandbyKeys1790000014000 } from '#accessors/key/migrations/1790000014000-standby-keys.migration.js';
import { IssuerVersions1790000003500 } from '#accessors/issuer/migrations/issuer-versions.migration.js';
import { KeyTables1790000004000 } from '#accessors/key/migrations/1790000004000-key-tables.migration.js';
import { PolicyTables1790000002500 } from '#accessors/policy/migrations/1790000002500-policy-tables.migration.js';
import { PolicyLife1790000007300 } from '#accessors/policy/migrations/1790000007300-policy-life.migration.js';
import { PlanTenants1790000013400 } from '#accessors/policy/migrations/1790000013400-plan-tenants.migration.js';
import { PolicyFunctions1790000009100 } from '#accessors/policy/migrations/1790000009100-policy-functions.migration.js';
import { ClientAuthentication1790000012100 } from '#accessors/registration/migrations/1790000012100-client-authentication.migration.js';
import { ApplicationAlgorithm1790000006100 } from '#accessors/registration/migrations/1790000006100-application-algorithm.migration.js';
import { ClientGateway1790000015500 } from '#accessors/registration/migrations/1790000015500-client-gateway.migration.js';
import { RegistrationChecks1790000006200 } from '#accessors/registration/migrations/1790000006200-registration-checks.migration.js';
import { RegistrationTables1790000002200 } from '#accessors/registration/migrations/1790000002200-registration-tables.migration.js';
import { ChangeFeed1790000001000 } from '#utilities/change-feed/migrations/1790000001000-change-feed.migration.js';
import { RowSecurity1790000009000 } from '#utilities/database/migrations/1790000009000-row-security.migration.js';
import type { MigrationClass } from '#utilities/database/migration.runner.js';

/** Every migration of every room, oldest first. A migration that is not listed here does not exist. */
export const MIGRATIONS: readonly MigrationClass[] = [
  ChangeFeed1790000001000,
  FactTables1790000002000,
  RegistrationTables1790000002200,
  PolicyTables1790000002500,
  IssuerTables1790000003000,
  IssuerVersions1790000003500,
  KeyTables1790000004000,
  AuditTables1790000005000,
  KeyLifecycle1790000006000,
  ApplicationAlgorithm1790000006100,
  RegistrationChecks1790000006200,
  DecisionTable1790000006300,
  LiveDataTables1790000007000,
  FactFunctions1790000007100,
  PolicyLife1790000007300,
  RowSecurity1790000009000,
  PolicyFunctions1790000009100,
  AuditFunctions1790000009200,
  AuditEvidence1790000009500,
  UsedIds1790000012000,
  ClientAuthentication1790000012100,
  Revocations1790000013000,
  PlanTenants1790000013400,
  StandbyKeys1790000014000,
  AuditGuards1790000015100,
  SubjectSearch1790000015400,
  ClientGateway1790000015500,
];
