import type { Database } from '#utilities/database/contract.js';
import type { LiveRecord } from '../live-data.contract.js';
import { TenantRows } from '../stores/tenant.rows.js';
import { isRowId } from './live-record.check.js';
import { canonicalText } from './live-record.form.js';
import type { Item, Listed, Listing, LiveKindStore, Planned, Scope, Stored } from './live.kind.js';

/** A kind whose rows have an id of their own. */
export type Identified = Extract<LiveRecord, { readonly id: string | null }>;

/** How a kind is laid out. Columns and members are fixed texts of this code. */
export interface Layout<Record extends Identified, Row extends { readonly id: string }> {
  readonly table: string;
  readonly columns: string;
  /** `$1`: the tenant; `$2`: rows as JSON, with the members of `toRow`. */
  readonly upsert: string;
  toRow(scope: Scope, record: Record): object;
  toRecord(scope: Scope, row: Row): Record;
  /** Fetches what `toRecord` needs to know. */
  learn(scope: Scope, rows: readonly Row[]): Promise<void>;
  /** What may be there once only. */
  contentOf(record: Record): unknown;
}

/** One that is put without its id is the stored one that says the same, so that putting it again changes nothing. */
export abstract class IdentifiedKind<
  Record extends Identified,
  Row extends { readonly id: string },
> implements LiveKindStore<Record> {
  protected readonly rows: TenantRows;

  constructor(
    protected readonly database: Database,
    protected readonly layout: Layout<Record, Row>,
  ) {
    this.rows = new TenantRows(database);
  }

  /** All rows that one of these records could be a repetition of. */
  protected abstract neighbours(scope: Scope, records: readonly Record[]): Promise<Stored<Record>[]>;

  abstract list(scope: Scope, listing: Listing): Promise<readonly Listed<Record>[]>;

  nameOf({ id }: Stored<Record>): string {
    return id;
  }

  async match(scope: Scope, items: readonly Item<Record>[]): Promise<(Stored<Record> | undefined)[]> {
    const records = items.map(({ record }) => record);
    const neighbours = await this.neighbours(scope, records);
    const byContent = new Map(neighbours.map((stored) => [this.content(stored.record), stored]));
    const named = await this.named(
      scope,
      records.flatMap(({ id }) => id ?? []),
    );
    const byId = new Map(named.map((stored) => [stored.id, stored]));
    return items.map(({ number, record }) => {
      const same = byContent.get(this.content(record));
      if (record.id === null) return same;
      const stored = byId.get(record.id);
      if (stored === undefined) scope.faults.add(number, `id: there is no ${record.kind} ${record.id}`);
      else if (same !== undefined && same.id !== record.id) scope.faults.add(number, `${record.kind} ${same.id} says the same`);
      return stored;
    });
  }

  async verify(scope: Scope, planned: readonly Planned<Record>[]): Promise<void> {
    const contents = new Map<string, number>();
    for (const { number, record } of planned) {
      const content = this.content(record);
      const other = contents.get(content);
      if (other !== undefined) scope.faults.add(number, `says the same as records[${other}]`);
      contents.set(content, number);
    }
    return Promise.resolve();
  }

  async write(scope: Scope, planned: readonly Planned<Record>[]): Promise<void> {
    const rows = planned.map(({ id, record }) => ({ ...this.layout.toRow(scope, record), id }));
    await this.rows.write(this.layout.upsert, scope.tenantId, rows);
  }

  named(scope: Scope, names: readonly string[]): Promise<Stored<Record>[]> {
    return this.where(scope, 'id = any($2::uuid[])', names.filter(isRowId));
  }

  async remove(scope: Scope, rows: readonly Stored<Record>[]): Promise<void> {
    const sql = `delete from ${this.layout.table} where tenant_id = $1 and id = any($2::uuid[])`;
    await this.rows.read(
      sql,
      scope.tenantId,
      rows.map(({ id }) => id),
    );
  }

  protected async where(scope: Scope, which: string, keys: readonly string[]): Promise<Stored<Record>[]> {
    const sql = `select ${this.layout.columns} from ${this.layout.table} where tenant_id = $1 and ${which}`;
    return this.stored(scope, await this.rows.read<Row>(sql, scope.tenantId, keys));
  }

  protected async stored(scope: Scope, rows: readonly Row[]): Promise<Stored<Record>[]> {
    await this.layout.learn(scope, rows);
    return rows.map((row) => ({ id: row.id, record: this.layout.toRecord(scope, row) }));
  }

  private content(record: Record): string {
    return canonicalText(this.layout.contentOf(record));
  }
}
