import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { StoredPlan } from '../contract.js';

const PLAN = `
  id, tenant_id as "tenantId", policy_set as set, base::float8 as base, candidate, epoch::float8 as epoch,
  created_by as "createdBy", floor(extract(epoch from created_at) * 1000)::float8 as "createdAt",
  approved_by as "approvedBy", report`;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Plans as they were made; their approval is the one thing that is added. */
export class PlanRows {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  async save(plan: Omit<StoredPlan, 'id' | 'createdAt' | 'approvedBy'>): Promise<StoredPlan> {
    const { tenantId, set, base, candidate, epoch, report, createdBy } = plan;
    const [row] = await this.ofTenant(
      tenantId,
      `insert into policy_plan (tenant_id, id, policy_set, base, candidate, epoch, report, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${PLAN}`,
      [this.deps.ids.ordered(), set, base, candidate, epoch, JSON.stringify(report), createdBy],
    );
    if (row === undefined) throw new Error('the plan was not written');
    return row;
  }

  async find(id: string): Promise<StoredPlan | undefined> {
    const tenantId = await this.tenantOf(id);
    if (tenantId === null) return undefined;
    const [row] = await this.ofTenant(tenantId, `select ${PLAN} from policy_plan where tenant_id = $1 and id = $2`, [id]);
    return row;
  }

  async approve(id: string, by: string): Promise<StoredPlan | undefined> {
    const tenantId = await this.tenantOf(id);
    if (tenantId === null) return undefined;
    const [row] = await this.ofTenant(
      tenantId,
      `update policy_plan set approved_by = $3, approved_at = clock_timestamp()
       where tenant_id = $1 and id = $2 and approved_by is null returning ${PLAN}`,
      [id, by],
    );
    return row;
  }

  /** Whoever names a plan does not name its tenant, whose row it is. */
  private async tenantOf(id: string): Promise<string | null> {
    if (!UUID.test(id)) return null;
    const [row] = await this.deps.database.query<{ tenant: string | null }>('select tenant_of_plan($1) as tenant', [id]);
    return row?.tenant ?? null;
  }

  private ofTenant(tenantId: string, sql: string, parameters: readonly unknown[]): Promise<StoredPlan[]> {
    const { database } = this.deps;
    return database.forTenants([tenantId], () => database.query<StoredPlan>(sql, [tenantId, ...parameters]));
  }
}
