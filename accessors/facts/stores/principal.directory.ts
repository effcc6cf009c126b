import type { Database } from '#utilities/database/contract.js';
import type { Principal } from '../live-data.contract.js';
import { inChunks } from './in-chunks.js';
import { isStorable } from './storable.js';

const TABLES = { subject: 'subject', group: 'subject_group' } as const;

interface PrincipalRow {
  readonly id: string;
  readonly key: string;
}

/** Keys and ids of the subjects and groups of one tenant, as far as one order needs them. */
export class PrincipalDirectory {
  private readonly ids = { subject: new Map<string, string>(), group: new Map<string, string>() };
  private readonly keys = { subject: new Map<string, string>(), group: new Map<string, string>() };

  constructor(private readonly deps: { readonly database: Database; readonly tenantId: string }) {}

  async learnKeys(type: Principal['type'], keys: Iterable<string>): Promise<void> {
    const wanted = [...new Set(keys)].filter((key) => !this.ids[type].has(key) && isStorable(key));
    await this.learn(type, wanted, 'key = any($2)');
  }

  async learnIds(type: Principal['type'], ids: Iterable<string>): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !this.keys[type].has(id));
    await this.learn(type, wanted, 'id = any($2::uuid[])');
  }

  /** Takes note of one that is about to be stored. */
  add(type: Principal['type'], { id, key }: PrincipalRow): void {
    this.ids[type].set(key, id);
    this.keys[type].set(id, key);
  }

  /** `undefined`: there is none, or nobody asked to learn of it. */
  idOf({ type, key }: Principal): string | undefined {
    return this.ids[type].get(key);
  }

  keyOf(type: Principal['type'], id: string): string {
    const key = this.keys[type].get(id);
    if (key === undefined) throw new Error('the keys of all ids that are read are learnt before');
    return key;
  }

  private async learn(type: Principal['type'], wanted: readonly string[], which: string): Promise<void> {
    const sql = `select id, key from ${TABLES[type]} where tenant_id = $1 and ${which}`;
    const rows = await inChunks(wanted, (part) => this.deps.database.query<PrincipalRow>(sql, [this.deps.tenantId, part]));
    for (const row of rows) this.add(type, row);
  }
}
