import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { TenantChange } from './change-log.store.js';
import { refuseLiveData, type LiveFaults } from './live-fault.js';
import type { Item, Planned, RecordOf } from './live.kind.js';
import { isChanged, toChange, type NumberedChange } from './live.writer.js';
import type { TenantKind } from './tenant.kind.js';

type Tenant = RecordOf<'tenant'>;

/** Brings tenants themselves to the states that an order asks for. */
export class TenantWriter {
  constructor(private readonly tenants: TenantKind) {}

  /**
   * Ids of the tenants of the order, by slug; new ones get theirs now.
   *
   * @param other one that has to be there or be made by the order
   */
  async idsOf(items: readonly Item[], other: string | null, newId: () => string): Promise<ReadonlyMap<string, string>> {
    const slugs = items.map(({ record }) => (record as Tenant).slug);
    const ids = new Map(await this.tenants.idsOf(other === null ? slugs : [...slugs, other]));
    for (const slug of slugs) if (!ids.has(slug)) ids.set(slug, newId());
    if (other !== null && !ids.has(other)) refuseLiveData([`tenant ${other} is not there`]);
    return ids;
  }

  async plan(ids: ReadonlyMap<string, string>, items: readonly Item[], faults: LiveFaults): Promise<Planned<Tenant>[]> {
    if (items.length === 0) return [];
    const stored = new Map((await this.tenants.stored([...ids.values()])).map((each) => [each.id, each.record]));
    const seen = new Map<string, number>();
    return items.map(({ number, record }) => {
      const tenant = record as Tenant;
      const id = ids.get(tenant.slug) ?? '';
      const other = seen.get(id);
      if (other !== undefined) faults.add(number, `is about the same tenant as records[${other}]`);
      // SECURITY: operators belong to it; suspended, nobody could undo that.
      if (id === PLATFORM_TENANT && tenant.status !== 'active') faults.add(number, `tenant ${tenant.slug} cannot be suspended`);
      seen.set(id, number);
      return { number, id, before: stored.get(id) ?? null, record: tenant };
    });
  }

  async write(planned: readonly Planned<Tenant>[]): Promise<(NumberedChange & TenantChange)[]> {
    await this.tenants.write(planned.filter(isChanged));
    return planned.map((each) => ({
      number: each.number,
      tenantId: each.id,
      change: toChange('tenant', each.record.slug, each),
    }));
  }
}
