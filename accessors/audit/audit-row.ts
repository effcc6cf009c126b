import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ChangeRecord, ExchangeRecord, RefusalRecord } from './contract.js';
import { canonicalParts, type RecordParts } from './chain/canonical-record.js';
import { boundedText, type Stamp } from './storable.js';

export type AuditRecord = ExchangeRecord | RefusalRecord | ChangeRecord;

/**
 * One record as it is stored and hashed, members named like the columns.
 *
 * SECURITY: values that callers choose are cut to 1 000 characters and freed of what the database refuses, so that nobody can
 * spoil the commit that the records of others share. Columns are named one by one, so that what a record carries beyond its type
 * does not get in.
 */
export function auditRow(context: CallContext, record: AuditRecord, stamp: Stamp): RecordParts {
  return canonicalParts(rowOf(context, record, stamp));
}

function rowOf(context: CallContext, record: AuditRecord, stamp: Stamp) {
  if (record.outcome === 'issued') return issuedRow(context, record, stamp);
  if (record.outcome === 'refused') return refusedRow(context, record, stamp);
  return changedRow(context, record, stamp);
}

function issuedRow(context: CallContext, record: ExchangeRecord, stamp: Stamp) {
  return {
    tenant_id: record.tenantId,
    id: stamp.id,
    at: stamp.at,
    outcome: record.outcome,
    diagnostic_id: context.diagnosticId,
    transport: context.transport,
    client_id: boundedText(record.clientId),
    exchange_case: record.case,
    subject: record.subject,
    actor: record.actor,
    issuer: boundedText(record.issuer),
    audience: boundedText(record.audience),
    token_id: record.tokenId,
    kid: record.kid,
    expires_at: record.expiresAt,
    permission_count: record.permissionCount,
    policy_version: record.policyVersion,
    epoch: record.epoch,
    subject_token_sha256: record.subjectTokenSha256,
    detail: boundedText(record.detail ?? null),
  };
}

function refusedRow(context: CallContext, record: RefusalRecord, stamp: Stamp) {
  return {
    tenant_id: record.tenantId ?? PLATFORM_TENANT,
    id: stamp.id,
    at: stamp.at,
    outcome: record.outcome,
    diagnostic_id: context.diagnosticId,
    transport: context.transport,
    client_id: boundedText(record.clientId),
    code: record.code,
    issuer: boundedText(record.issuer),
    audience: boundedText(record.audience),
    subject_token_sha256: record.subjectTokenSha256,
    detail: boundedText(record.detail),
  };
}

function changedRow(context: CallContext, record: ChangeRecord, stamp: Stamp) {
  return {
    tenant_id: PLATFORM_TENANT,
    id: stamp.id,
    at: stamp.at,
    outcome: record.outcome,
    actor: context.operator ?? null,
    diagnostic_id: context.diagnosticId,
    transport: context.transport,
    what: boundedText(record.what),
    detail: boundedText(record.detail),
  };
}
