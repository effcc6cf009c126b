import type { Database } from '#utilities/database/contract.js';
import { inChunks } from './in-chunks.js';
import { isStorable } from './storable.js';

/** Statements of one tenant over many rows at once. `$1`: the tenant; `$2`: the rows as JSON, or a list. */
export class TenantRows {
  constructor(private readonly database: Database) {}

  /** For statements that make rows of `jsonb_to_recordset($2)`. */
  async write(sql: string, tenantId: string, rows: readonly object[]): Promise<void> {
    await inChunks(rows, (part) => this.database.query(sql, [tenantId, JSON.stringify(part)]));
  }

  /** For statements with `any($2)`: an array that the planner sees the size of, not a join that it would have to guess. */
  read<Row extends object>(sql: string, tenantId: string, keys: readonly string[]): Promise<Row[]> {
    return inChunks([...new Set(keys)].filter(isStorable), (part) => this.database.query<Row>(sql, [tenantId, part]));
  }
}
