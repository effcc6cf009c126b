import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { RecordOutcome, TenantRecord } from '../contract.js';

/** Tenants and groups, as an import states them. */
export class TenantStore {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  async registerTenant({ slug, status }: TenantRecord): Promise<{ id: string; outcome: RecordOutcome }> {
    const [there] = await this.deps.database.query<{ id: string; status: string }>(
      'select id, status from tenant where slug = $1 for no key update',
      [slug],
    );
    if (there !== undefined && (status === null || there.status === status)) return { id: there.id, outcome: 'unchanged' };
    if (there !== undefined) {
      await this.deps.database.query('update tenant set status = $2 where id = $1', [there.id, status]);
      return { id: there.id, outcome: 'updated' };
    }
    const id = this.deps.ids.ordered();
    await this.deps.database.query('insert into tenant (id, slug, status) values ($1, $2, $3)', [id, slug, status ?? 'active']);
    return { id, outcome: 'created' };
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

  /**
   * The ids of the tenants that are there, by slug. Their rows stay locked until the unit of work ends, so that two writers of
   * one tenant do not each compare with a state that the other is changing. Readers are not held up.
   */
  async lockTenants(slugs: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.deps.database.query<{ slug: string; id: string }>(
      'select slug, id from tenant where slug = any($1) order by id for no key update',
      [[...new Set(slugs)]],
    );
    return new Map(rows.map((row) => [row.slug, row.id]));
  }
}
