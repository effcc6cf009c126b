import type { Database } from '#utilities/database/contract.js';

export class TenantRows {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** Locks the tenant's row until the unit of work ends, so that changes of its policy follow one another. */
  async lock(slug: string): Promise<string | undefined> {
    const { database } = this.deps;
    const [named] = await database.query<{ id: string }>('select id from tenants_by_slug(array[$1])', [slug]);
    if (named === undefined) return undefined;
    await database.forTenants([named.id], () =>
      database.query('select 1 from tenant where id = $1 for no key update', [named.id]),
    );
    return named.id;
  }
}
