import type { Database } from '#utilities/database/contract.js';
import type { FactValue } from '../contract.js';
import { isStorable } from '../stores/storable.js';
import type { Listing, Planned, RecordOf, Stored } from './live.kind.js';

type Tenant = RecordOf<'tenant'>;

interface TenantRow {
  readonly id: string;
  readonly slug: string;
  readonly status: Tenant['status'];
  readonly boundary_patterns: readonly string[] | null;
  readonly attributes: Readonly<Record<string, FactValue>>;
}

const COLUMNS = 'id, slug, status, boundary_patterns, attributes';

const UPSERT = `
  insert into tenant (id, slug, status, boundary_patterns, attributes)
  select id, slug, status, boundary, attributes
  from jsonb_to_recordset($1) as r (id uuid, slug text, status text, boundary text[], attributes jsonb)
  on conflict (id) do update set status = excluded.status, boundary_patterns = excluded.boundary_patterns,
    attributes = excluded.attributes`;

/** Every tenant has an epoch; their names are to be had one by one. */
const LIST = `
  select t.id from tenants_by_id(array(select tenant_id from data_epoch)) as t
  where starts_with(t.slug, $1) and ($2::text is null or t.slug collate "C" > $2) order by t.slug collate "C" limit $3`;

/** Tenants are rows of themselves: each belongs to the tenant that it is. */
export class TenantKind {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** The ids of those that are there. */
  async idsOf(slugs: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const asked = [...new Set(slugs)].filter(isStorable);
    const rows = await this.deps.database.query<TenantRow>('select id, slug from tenants_by_slug($1)', [asked]);
    return new Map(rows.map((row) => [row.slug, row.id]));
  }

  /** In the order of their slugs. */
  async idsListed({ prefix, after, limit }: Pick<Listing, 'prefix' | 'after' | 'limit'>): Promise<string[]> {
    const rows = await this.deps.database.query<TenantRow>(LIST, [prefix, after, limit + 1]);
    return rows.map((row) => row.id);
  }

  /** Writers of one tenant wait for one another; readers are not held up. */
  async lock(ids: readonly string[]): Promise<void> {
    await this.deps.database.query('select from tenant where id = any($1) order by id for no key update', [ids]);
  }

  async stored(ids: readonly string[]): Promise<Stored<Tenant>[]> {
    const sql = `select ${COLUMNS} from tenant where id = any($1) order by slug`;
    return (await this.deps.database.query<TenantRow>(sql, [ids])).map((row) => ({
      id: row.id,
      record: {
        kind: 'tenant',
        slug: row.slug,
        status: row.status,
        boundary: row.boundary_patterns,
        attributes: row.attributes,
      },
    }));
  }

  async write(planned: readonly Planned<Tenant>[]): Promise<void> {
    const rows = planned.map(({ id, record }) => ({ ...record, id }));
    if (rows.length > 0) await this.deps.database.query(UPSERT, [JSON.stringify(rows)]);
  }
}
