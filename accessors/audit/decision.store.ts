import type { Database } from '#utilities/database/contract.js';
import type { RecordedDecision } from './contract.js';

/** Writing a decision a second time does nothing, which is what makes a retry safe. */
const INSERT_BATCH = `
  insert into decision (tenant_id, id, at, decision_id, diagnostic_id, client_id, subject_id, audience, permission,
    resource_type, resource_id, unit, allowed, code, policy_version, epoch)
  select tenant_id, id, to_timestamp(at / 1000.0), decision_id, diagnostic_id, client_id, subject_id, audience, permission,
    resource_type, resource_id, unit, allowed, code, policy_version, epoch
  from json_to_recordset($1::json) as batch (tenant_id uuid, id uuid, at bigint, decision_id text, diagnostic_id uuid,
    client_id text, subject_id uuid, audience text, permission text, resource_type text, resource_id text, unit text,
    allowed boolean, code text, policy_version text, epoch bigint)
  on conflict do nothing`;

const SINCE = `
  select decision_id as "decisionId", tenant_id as "tenantId", client_id as "clientId", subject_id as "subjectId", audience,
    permission, resource_type as "resourceType", resource_id as "resourceId", unit, allowed, code,
    policy_version as "policyVersion", epoch::float8 as epoch, round(extract(epoch from at) * 1000)::float8 as at
  from decision
  where tenant_id = $1 and at >= to_timestamp($2::float8 / 1000)
  order by at desc, id desc
  limit $3`;

export class DecisionStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** Writes the rows, given as JSON texts, of any tenants. */
  async insert(rows: readonly string[]): Promise<void> {
    await this.deps.database.prepared('decision-insert', INSERT_BATCH, [`[${rows.join(',')}]`]);
  }

  since(tenantId: string, since: number, limit: number): Promise<RecordedDecision[]> {
    const { database } = this.deps;
    return database.forTenants([tenantId], () => database.query<RecordedDecision>(SINCE, [tenantId, since, limit]));
  }
}
