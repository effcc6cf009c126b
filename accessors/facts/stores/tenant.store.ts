import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { RecordOutcome, TenantRecord } from '../contract.js';
import { isStorable } from './storable.js';

interface TenantRow {
  readonly id: string;
  readonly slug: string;
  readonly status: 'active' | 'suspended';
}

/** Tenants and groups, as an import states them. */
export class TenantStore {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  /** Runs in the caller's unit of work, which holds the lock of the tenant, if it is there. */
  async registerTenant(id: string, { slug, status }: TenantRecord): Promise<RecordOutcome> {
    const [stored] = await this.lock([id]);
    if (stored === undefined) {
      await this.deps.database.query('insert into tenant (id, slug, status) values ($1, $2, $3)', [id, slug, status ?? 'active']);
      return 'created';
    }
    if (status === null || stored.status === status) return 'unchanged';
    await this.deps.database.query('update tenant set status = $2 where id = $1', [id, status]);
    return 'updated';
  }

  async registerGroup(tenantId: string, key: string): Promise<RecordOutcome> {
    const there = await this.deps.database.query('select 1 from subject_group where tenant_id = $1 and key = $2', [
      tenantId,
      key,
    ]);
    if (there.length > 0) return 'unchanged';
    await this.deps.database.query('insert into subject_group (tenant_id, id, key) values ($1, $2, $3)', [
      tenantId,
      this.deps.ids.ordered(),
      key,
    ]);
    return 'created';
  }

  /** The ids of the tenants that are there, by slug. A tenant keeps its slug for ever. */
  async named(slugs: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const asked = [...new Set(slugs)].filter(isStorable);
    const rows = await this.deps.database.query<TenantRow>('select id, slug from tenants_by_slug($1)', [asked]);
    return new Map(rows.map((row) => [row.slug, row.id]));
  }

  /**
   * Runs `work` on rows of these tenants, in one unit of work. Their own rows stay locked until it ends, so that two writers of
   * one tenant do not each compare with a state that the other is changing. Readers are not held up.
   */
  inTenants<Result>(ids: readonly string[], work: () => Promise<Result>): Promise<Result> {
    return this.deps.database.forTenants(ids, async () => {
      await this.lock(ids);
      return work();
    });
  }

  private lock(ids: readonly string[]): Promise<TenantRow[]> {
    return this.deps.database.query('select id, slug, status from tenant where id = any($1) order by id for no key update', [
      ids,
    ]);
  }
}
