import type { CallContext } from '#utilities/call-context/contract.js';
import type { DecisionRecord } from './contract.js';
import { boundedText, storableJson, type Stamp } from './storable.js';

/**
 * One decision as JSON text, members named like the columns.
 *
 * SECURITY: columns are named one by one, so that a record which carries more than its type says, the values of attributes above
 * all, takes none of it into the table.
 */
export function decisionRow(context: CallContext, record: DecisionRecord, stamp: Stamp): string {
  return storableJson({
    tenant_id: record.tenantId,
    id: stamp.id,
    at: stamp.at,
    decision_id: boundedText(record.decisionId),
    diagnostic_id: context.diagnosticId,
    client_id: boundedText(record.clientId),
    subject_id: record.subjectId,
    audience: boundedText(record.audience),
    permission: boundedText(record.permission),
    resource_type: boundedText(record.resourceType),
    resource_id: boundedText(record.resourceId),
    unit: boundedText(record.unit),
    allowed: record.allowed,
    code: record.code,
    policy_version: record.policyVersion,
    epoch: record.epoch,
  });
}
