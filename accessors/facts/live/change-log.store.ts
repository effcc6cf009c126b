import type { Database } from '#utilities/database/contract.js';
import type { ChangeLogEntry, LiveChange, LiveKind, LiveRecord, LiveRef, Page } from '../live-data.contract.js';
import { inChunks } from '../stores/in-chunks.js';

/** A change with the tenant whose it is. */
export interface TenantChange {
  readonly tenantId: string;
  readonly change: LiveChange;
}

interface EntryRow {
  readonly number: string;
  readonly at: number;
  readonly changed_by: string;
  readonly kind: LiveKind;
  readonly name: string;
  readonly outcome: LiveChange['outcome'];
  readonly before: LiveRecord | null;
  readonly after: LiveRecord | null;
}

/** The rows are numbered in the order of the changes. */
const ADD = `
  insert into change_log (tenant_id, changed_by, kind, name, outcome, before, after)
  select tenant_id, $2, kind, name, outcome, nullif(before, 'null'), nullif(after, 'null')
  from jsonb_to_recordset($1) as r (nr integer, tenant_id uuid, kind text, name text, outcome text, before jsonb, after jsonb)
  order by nr`;

const NEWEST = `
  select number, (extract(epoch from changed_at) * 1000)::float8 as at, changed_by, kind, name, outcome, before, after
  from change_log
  where tenant_id = $1 and ($2::text is null or (kind = $2 and name = $3)) and ($4::bigint is null or number < $4)
  order by number desc limit $5`;

/** What was changed, by whom, from what to what. Entries stand and fall with the change itself. */
export class ChangeLogStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  async add(by: string, changes: readonly TenantChange[]): Promise<void> {
    const rows = changes
      .filter(({ change }) => change.outcome !== 'unchanged')
      .map(({ tenantId, change: { ref, ...what } }, nr) => ({ nr, tenant_id: tenantId, ...ref, ...what }));
    await inChunks(rows, (part) => this.deps.database.query(ADD, [JSON.stringify(part), by]));
  }

  /** One more than the page asks for, if there is one. */
  async newest(tenantId: string, about: LiveRef | null, { after, limit }: Page): Promise<ChangeLogEntry[]> {
    const parameters = [tenantId, about?.kind ?? null, about?.name ?? null, after, limit + 1];
    return (await this.deps.database.query<EntryRow>(NEWEST, parameters)).map((row) => ({
      number: Number(row.number),
      at: Math.floor(row.at),
      by: row.changed_by,
      change: { ref: { kind: row.kind, name: row.name }, outcome: row.outcome, before: row.before, after: row.after },
    }));
  }
}
