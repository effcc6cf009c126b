import type { Database } from '#utilities/database/contract.js';

export class TenantRows {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** Locks the tenant's row until the unit of work ends, so that changes of its policy follow one another. */
  async lock(slug: string): Promise<string | undefined> {
    const [row] = await this.deps.database.query<{ id: string }>('select id from tenant where slug = $1 for no key update', [
      slug,
    ]);
    return row?.id;
  }
}
