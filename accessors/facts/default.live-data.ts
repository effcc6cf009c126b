import type { CallContext } from '#utilities/call-context/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type {
  ChangeLogEntry,
  ChangeQuery,
  LiveChange,
  LiveData,
  LiveQuery,
  LiveRecord,
  LiveRef,
  Paged,
} from './live-data.contract.js';
import { authorOf } from './live/change-journal.js';
import { ChangeLogStore } from './live/change-log.store.js';
import { LiveFaults, unknownLiveData } from './live/live-fault.js';
import { liveKinds, type LiveKinds } from './live/live.kinds.js';
import type { Listing, Scope } from './live/live.kind.js';
import { checkedChangeQuery, checkedQuery, paged, principalIn } from './live/live-page.js';
import { LiveRemover } from './live/live.remover.js';
import { LiveWriter, numbered } from './live/live.writer.js';
import { faultsOf } from './live/live-record.check.js';
import { inOneForm, isOf } from './live/live-record.form.js';
import { PrincipalDirectory } from './stores/principal.directory.js';
import { TenantKind } from './live/tenant.kind.js';
import { TenantWriter } from './live/tenant.writer.js';

export interface DefaultLiveDataDeps {
  readonly database: Database;
  readonly ids: IdSource;
}

export class DefaultLiveData implements LiveData {
  private readonly kinds: LiveKinds;
  private readonly writer: LiveWriter;
  private readonly remover: LiveRemover;
  private readonly tenants: TenantKind;
  private readonly tenantWriter: TenantWriter;
  private readonly log: ChangeLogStore;

  constructor(private readonly deps: DefaultLiveDataDeps) {
    this.kinds = liveKinds(deps.database);
    this.writer = new LiveWriter(this.kinds);
    this.remover = new LiveRemover(this.kinds);
    this.tenants = new TenantKind(deps);
    this.tenantWriter = new TenantWriter(this.tenants);
    this.log = new ChangeLogStore(deps);
  }

  async put(context: CallContext, tenant: string, records: readonly LiveRecord[]): Promise<readonly LiveChange[]> {
    const faults = new LiveFaults();
    for (const { number, record } of numbered(records)) for (const fault of faultsOf(record)) faults.add(number, fault);
    const items = numbered(records.map(inOneForm));
    const tenantItems = items.filter((item) => isOf(item.record, 'tenant'));
    const others = items.filter(({ record }) => !isOf(record, 'tenant'));
    const ids = await this.tenantWriter.idsOf(tenantItems, others.length > 0 ? tenant : null, () => this.deps.ids.ordered());
    const scope = this.scope(ids.get(tenant) ?? '', faults);
    return this.deps.database.forTenants([...ids.values()], async () => {
      await this.tenants.lock([...ids.values()]);
      const tenantPlan = await this.tenantWriter.plan(ids, tenantItems, faults);
      const plan = await this.writer.plan(scope, others);
      faults.refuse();
      const changes = await this.tenantWriter.write(tenantPlan);
      for (const each of await this.writer.write(scope, plan)) changes.push({ ...each, tenantId: scope.tenantId });
      changes.sort((one, other) => one.number - other.number);
      await this.log.add(authorOf(context), changes);
      return changes.map(({ change }) => change);
    });
  }

  remove(context: CallContext, tenant: string, refs: readonly LiveRef[]): Promise<readonly LiveChange[]> {
    return this.inTenant(tenant, async (scope) => {
      await this.tenants.lock([scope.tenantId]);
      const changes = await this.remover.remove(scope, refs);
      await this.log.add(
        authorOf(context),
        changes.map((change) => ({ tenantId: scope.tenantId, change })),
      );
      return changes;
    });
  }

  get(_context: CallContext, tenant: string, { kind, name }: LiveRef): Promise<LiveRecord> {
    return this.inTenant(kind === 'tenant' ? name : tenant, async (scope) => {
      const found =
        kind === 'tenant' ? await this.tenants.stored([scope.tenantId]) : await this.kinds.of(kind).named(scope, [name]);
      const [stored] = found;
      if (stored === undefined) throw unknownLiveData([`${kind} ${name}`]);
      return stored.record;
    });
  }

  async list(_context: CallContext, tenant: string, query: LiveQuery): Promise<Paged<LiveRecord>> {
    const { kind, about, after, limit } = checkedQuery(query);
    if (kind === 'tenant') return this.listTenants({ prefix: about ?? '', after, limit });
    return this.inTenant(tenant, async (scope) => {
      const principal = principalIn(query);
      if (principal !== null) await scope.principals.learnKeys(principal.type, [principal.key]);
      const prefix = principal === null ? (about ?? '') : '';
      return paged(await this.kinds.of(kind).list(scope, { principal, prefix, after, limit }), limit);
    });
  }

  async changes(_context: CallContext, tenant: string, query: ChangeQuery): Promise<Paged<ChangeLogEntry>> {
    const { about, after, limit } = checkedChangeQuery(query);
    return this.inTenant(tenant, async ({ tenantId }) => {
      const entries = await this.log.newest(tenantId, about, { after, limit });
      const items = entries.slice(0, limit);
      return { items, next: entries.length > items.length ? String(items.at(-1)?.number) : null };
    });
  }

  private async listTenants(page: Omit<Listing, 'principal'>): Promise<Paged<LiveRecord>> {
    const ids = await this.tenants.idsListed(page);
    const stored = await this.deps.database.forTenants(ids, () => this.tenants.stored(ids));
    return paged(
      stored.map((each) => ({ ...each, place: each.record.slug })),
      page.limit,
    );
  }

  private async inTenant<Result>(slug: string, work: (scope: Scope) => Promise<Result>): Promise<Result> {
    const id = (await this.tenants.idsOf([slug])).get(slug);
    if (id === undefined) throw unknownLiveData([`tenant ${slug}`]);
    return this.deps.database.forTenants([id], () => work(this.scope(id, new LiveFaults())));
  }

  private scope(tenantId: string, faults: LiveFaults): Scope {
    const { database, ids } = this.deps;
    return { tenantId, faults, principals: new PrincipalDirectory({ database, tenantId }), newId: () => ids.ordered() };
  }
}
