import type { Database } from '#utilities/database/contract.js';
import { TenantRows } from '../stores/tenant.rows.js';
import type { Item, Listed, Listing, LiveKindStore, Planned, RecordOf, Scope, Stored } from './live.kind.js';

type Flag = RecordOf<'flag'>;

interface FlagRow {
  readonly key: string;
  readonly enabled: boolean;
  readonly rollout_percent: number;
  readonly valid_from: number | null;
  readonly valid_until: number | null;
}

const COLUMNS = 'key, enabled, rollout_percent, valid_from::float8, valid_until::float8';

const UPSERT = `
  insert into feature_flag (tenant_id, key, enabled, rollout_percent, valid_from, valid_until)
  select $1::uuid, key, enabled, "rolloutPercent", "from", until
  from jsonb_to_recordset($2) as r (key text, enabled boolean, "rolloutPercent" integer, "from" bigint, until bigint)
  on conflict (tenant_id, key) do update set enabled = excluded.enabled, rollout_percent = excluded.rollout_percent,
    valid_from = excluded.valid_from, valid_until = excluded.valid_until`;

export class FlagKind implements LiveKindStore<Flag> {
  private readonly rows: TenantRows;

  constructor(private readonly deps: { readonly database: Database }) {
    this.rows = new TenantRows(deps.database);
  }

  nameOf({ record }: Stored<Flag>): string {
    return record.key;
  }

  async match(scope: Scope, items: readonly Item<Flag>[]): Promise<(Stored<Flag> | undefined)[]> {
    const stored = new Map(
      (
        await this.named(
          scope,
          items.map(({ record }) => record.key),
        )
      ).map((row) => [row.id, row]),
    );
    return items.map(({ record }) => stored.get(record.key));
  }

  async write(scope: Scope, planned: readonly Planned<Flag>[]): Promise<void> {
    await this.rows.write(
      UPSERT,
      scope.tenantId,
      planned.map(({ record }) => ({ ...record, ...record.valid })),
    );
  }

  async named(scope: Scope, names: readonly string[]): Promise<Stored<Flag>[]> {
    const sql = `select ${COLUMNS} from feature_flag where tenant_id = $1 and key = any($2)`;
    return (await this.rows.read<FlagRow>(sql, scope.tenantId, names)).map(toStored);
  }

  async list(scope: Scope, { prefix, after, limit }: Listing): Promise<Listed<Flag>[]> {
    const rows = await this.deps.database.query<FlagRow>(
      `select ${COLUMNS} from feature_flag
       where tenant_id = $1 and starts_with(key, $2) and ($3::text is null or key > $3) order by key limit $4`,
      [scope.tenantId, prefix, after, limit + 1],
    );
    return rows.map((row) => ({ ...toStored(row), place: row.key }));
  }

  async remove(scope: Scope, rows: readonly Stored<Flag>[]): Promise<void> {
    const sql = 'delete from feature_flag where tenant_id = $1 and key = any($2)';
    await this.rows.read(
      sql,
      scope.tenantId,
      rows.map(({ id }) => id),
    );
  }
}

function toStored(row: FlagRow): Stored<Flag> {
  const valid = { from: row.valid_from, until: row.valid_until };
  return {
    id: row.key,
    record: { kind: 'flag', key: row.key, enabled: row.enabled, rolloutPercent: row.rollout_percent, valid },
  };
}
