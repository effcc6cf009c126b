import type { Database, UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { PolicyActivation, PolicyActivationOrder, PolicyVersionRecord, StoredPlan } from '../contract.js';
import type { CountingVersion, NewVersion, PolicyInForce, PolicyStore, StoredVersion } from '../policy-store.contract.js';
import { PlanRows } from './plan.rows.js';

export interface PostgresPolicyStoreDeps {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly ids: IdSource;
}

interface InForceRow {
  readonly epoch: string;
  readonly enforced_number: number;
  readonly enforced_id: string | null;
  readonly enforced_set: string;
  readonly enforced_seq: number;
  readonly enforced_document: unknown;
  readonly shadow_number: number;
  readonly shadow_id: string | null;
  readonly shadow_set: string;
  readonly shadow_seq: number;
  readonly shadow_document: unknown;
  readonly share: number;
}

const IN_FORCE = 'select * from policy_in_force($1, $2)';

const RECORD = `
  policy_set as set, seq as sequence, encode(sha256, 'hex') as sha256, author, message,
  floor(extract(epoch from created_at) * 1000)::float8 as "createdAt"`;

const ACTIVATIONS = `
  select a.number::float8 as number, a.policy_set as set, v.seq as sequence, a.mode,
    case when a.mode = 'shadow' then coalesce(a.share, 1) end as share,
    a.activated_by as by, a.reason, a.plan_id as "planId",
    floor(extract(epoch from a.activated_at) * 1000)::float8 as at
  from policy_activation a join policy_version v on v.tenant_id = a.tenant_id and v.id = a.version_id
  where a.tenant_id = $1 and ($2::uuid is null or a.id = $2) order by a.number desc`;

type VersionRow = PolicyVersionRecord & { readonly id: string; readonly document: unknown };

/** Versions and activations as rows that nobody can change. */
export class PostgresPolicyStore implements PolicyStore {
  private readonly plans: PlanRows;

  constructor(private readonly deps: PostgresPolicyStoreDeps) {
    this.plans = new PlanRows(deps);
  }

  async inForce(tenantId: string, have: readonly string[]): Promise<PolicyInForce> {
    const [row] = await this.deps.database.prepared<InForceRow>('policy_in_force', IN_FORCE, [tenantId, have]);
    if (row === undefined) throw new Error('the statement always answers a row');
    return { epoch: Number(row.epoch), enforced: enforcedOf(row), shadow: shadowOf(row) };
  }

  ensureVersion(version: NewVersion): Promise<StoredVersion> {
    const { tenantId, set, sha256 } = version;
    return this.deps.database.forTenants([tenantId], async () => {
      await this.lockTenant(tenantId);
      const [known] = await this.deps.database.query<VersionRow>(
        `select id, document, ${RECORD} from policy_version
         where tenant_id = $1 and policy_set = $2 and sha256 = $3 order by seq desc limit 1`,
        [tenantId, set, sha256],
      );
      return known === undefined ? this.addVersion(version) : storedVersion(known);
    });
  }

  async version(tenantId: string, set: string, sequence: number): Promise<StoredVersion | undefined> {
    const [row] = await this.inTenant<VersionRow>(
      tenantId,
      `select id, document, ${RECORD} from policy_version where tenant_id = $1 and policy_set = $2 and seq = $3`,
      [tenantId, set, sequence],
    );
    return row === undefined ? undefined : storedVersion(row);
  }

  versions(tenantId: string, set: string): Promise<readonly PolicyVersionRecord[]> {
    return this.inTenant<PolicyVersionRecord>(
      tenantId,
      `select ${RECORD} from policy_version where tenant_id = $1 and policy_set = $2 order by seq desc`,
      [tenantId, set],
    );
  }

  activations(tenantId: string): Promise<readonly PolicyActivation[]> {
    return this.inTenant<PolicyActivation>(tenantId, ACTIVATIONS, [tenantId, null]);
  }

  activate(order: PolicyActivationOrder): Promise<PolicyActivation> {
    const { tenantId, set, sequence, expected } = order;
    return this.deps.database.forTenants([tenantId], async () => {
      await this.lockTenant(tenantId);
      const [newest] = await this.deps.database.query<{ enforced: number; all: number }>(
        `select coalesce(max(number) filter (where mode = 'enforce'), 0)::float8 as enforced,
           coalesce(max(number), 0)::float8 as all from policy_activation where tenant_id = $1`,
        [tenantId],
      );
      if (newest?.enforced !== expected) throw new CodedError('POLICY_CHANGED', { field: 'base' });
      const version = await this.version(tenantId, set, sequence);
      if (version === undefined) throw new CodedError('POLICY_UNKNOWN', { field: `${set}@${String(sequence)}` });
      return this.addActivation(order, version.id, newest.all + 1);
    });
  }

  savePlan(plan: Omit<StoredPlan, 'id' | 'createdAt' | 'approvedBy'>): Promise<StoredPlan> {
    return this.plans.save(plan);
  }

  plan(id: string): Promise<StoredPlan | undefined> {
    return this.plans.find(id);
  }

  approvePlan(id: string, by: string): Promise<StoredPlan | undefined> {
    return this.plans.approve(id, by);
  }

  private inTenant<Row extends object>(tenantId: string, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    const { database } = this.deps;
    return database.forTenants([tenantId], () => database.query<Row>(sql, parameters));
  }

  private async addVersion({ tenantId, set, json, sha256, author, message }: NewVersion): Promise<StoredVersion> {
    const [row] = await this.deps.database.query<VersionRow>(
      `insert into policy_version (tenant_id, id, policy_set, seq, sha256, document, author, message)
       select $1, $2, $3, coalesce(max(seq), 0) + 1, $4, $5, $6, $7 from policy_version where tenant_id = $1 and policy_set = $3
       returning id, document, ${RECORD}`,
      [tenantId, this.deps.ids.ordered(), set, sha256, json, author, message],
    );
    if (row === undefined) throw new Error('the version was not written');
    return storedVersion(row);
  }

  private async addActivation(order: PolicyActivationOrder, versionId: string, number: number): Promise<PolicyActivation> {
    const { tenantId, set, mode, share, by, reason, planId } = order;
    const id = this.deps.ids.ordered();
    await this.deps.database.query(
      `insert into policy_activation
         (tenant_id, id, number, policy_set, version_id, mode, share, activated_by, reason, plan_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [tenantId, id, number, set, versionId, mode, mode === 'shadow' ? (share ?? 1) : null, by, reason, planId],
    );
    const [row] = await this.deps.database.query<PolicyActivation>(ACTIVATIONS, [tenantId, id]);
    if (row === undefined) throw new Error('the activation was not written');
    return row;
  }

  /** Until the unit of work ends, so that versions and activations of a tenant follow one another. */
  private async lockTenant(tenantId: string): Promise<void> {
    const rows = await this.deps.database.query('select 1 from tenant where id = $1 for no key update', [tenantId]);
    if (rows.length === 0) throw new CodedError('POLICY_UNKNOWN', { internal: 'the tenant is not there' });
  }
}

function enforcedOf(row: InForceRow): CountingVersion | null {
  if (row.enforced_id === null) return null;
  const { enforced_id: id, enforced_number: activation, enforced_set: set, enforced_seq: sequence } = row;
  return { id, activation, set, sequence, document: row.enforced_document ?? undefined };
}

function shadowOf(row: InForceRow): PolicyInForce['shadow'] {
  if (row.shadow_id === null) return null;
  const { shadow_id: id, shadow_number: activation, shadow_set: set, shadow_seq: sequence, share } = row;
  return { id, activation, set, sequence, document: row.shadow_document ?? undefined, share };
}

function storedVersion({ id, document, ...record }: VersionRow): StoredVersion {
  return { id, record, document };
}
