import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { StoredPlan } from '../contract.js';

const PLAN = `
  id, planned_tenant_id as "tenantId", policy_set as set, base::float8 as base, candidate, epoch::float8 as epoch,
  created_by as "createdBy", floor(extract(epoch from created_at) * 1000)::float8 as "createdAt",
  approved_by as "approvedBy", report`;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Plans as they were made; their approval is the one thing that is added. */
export class PlanRows {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  async save(plan: Omit<StoredPlan, 'id' | 'createdAt' | 'approvedBy'>): Promise<StoredPlan> {
    const { tenantId, set, base, candidate, epoch, report, createdBy } = plan;
    const [row] = await this.deps.database.query<StoredPlan>(
      `insert into policy_plan (tenant_id, id, planned_tenant_id, policy_set, base, candidate, epoch, report, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${PLAN}`,
      [PLATFORM_TENANT, this.deps.ids.ordered(), tenantId, set, base, candidate, epoch, JSON.stringify(report), createdBy],
    );
    if (row === undefined) throw new Error('the plan was not written');
    return row;
  }

  async find(id: string): Promise<StoredPlan | undefined> {
    if (!UUID.test(id)) return undefined;
    const rows = await this.deps.database.query<StoredPlan>(`select ${PLAN} from policy_plan where tenant_id = $1 and id = $2`, [
      PLATFORM_TENANT,
      id,
    ]);
    return rows[0];
  }

  async approve(id: string, by: string): Promise<StoredPlan | undefined> {
    if (!UUID.test(id)) return undefined;
    const rows = await this.deps.database.query<StoredPlan>(
      `update policy_plan set approved_by = $3, approved_at = clock_timestamp()
       where tenant_id = $1 and id = $2 and approved_by is null returning ${PLAN}`,
      [PLATFORM_TENANT, id, by],
    );
    return rows[0];
  }
}
