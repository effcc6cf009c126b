import type { CallContext } from '#utilities/call-context/contract.js';
import { PLATFORM_TENANT, type ChangeFeed, type EpochCache, type EpochCaches } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type {
  AssignmentRecord,
  ExternalFacts,
  FactAccess,
  FactQuestion,
  RecordOutcome,
  SubjectFacts,
  SubjectRecord,
  TenantRecord,
  WantedFact,
} from './contract.js';
import type { ExternalFactsReader } from './external/external.facts.reader.js';
import { refuseImport, unknownTenants } from './import-fault.js';
import { ChangeJournal, type Watched } from './live/change-journal.js';
import { AssignmentStore, repeatedAssignments } from './stores/assignment.store.js';
import { FactStore, type StoredFacts } from './stores/fact.store.js';
import { contradictions, identityKey } from './stores/subject.state.js';
import { SubjectStore } from './stores/subject.store.js';
import { TenantStore } from './stores/tenant.store.js';

export interface DefaultFactAccessDeps {
  readonly database: Database;
  readonly changeFeed: ChangeFeed;
  readonly caches: EpochCaches;
  readonly ids: IdSource;
  /** Left out: there are no fact sources. */
  readonly external?: ExternalFactsReader;
}

const KEPT_SUBJECTS = 100_000;
const KEPT_TENANTS = 10_000;

export class DefaultFactAccess implements FactAccess {
  private readonly facts: FactStore;
  private readonly tenants: TenantStore;
  private readonly subjects: SubjectStore;
  private readonly assignments: AssignmentStore;
  private readonly journal: ChangeJournal;
  private readonly kept: EpochCache<StoredFacts>;
  private readonly named: EpochCache<string>;

  constructor(private readonly deps: DefaultFactAccessDeps) {
    this.facts = new FactStore(deps);
    this.tenants = new TenantStore(deps);
    this.subjects = new SubjectStore(deps);
    this.assignments = new AssignmentStore(deps);
    this.journal = new ChangeJournal(deps);
    this.kept = deps.caches.create({ values: KEPT_SUBJECTS, absent: 1 });
    this.named = deps.caches.create({ values: KEPT_TENANTS, absent: 1 });
  }

  async factsOf(_context: CallContext, question: FactQuestion): Promise<StoredFacts> {
    const { tenantId } = question;
    const key = questionKey(question);
    const facts = this.kept.peek(tenantId, key) ?? (await this.kept.get(tenantId, key, () => this.facts.read(question)));
    if (facts === undefined) throw new Error('facts are always there, if only to say that nobody is');
    return facts;
  }

  async externalFacts(context: CallContext, question: FactQuestion, wanted: readonly WantedFact[]): Promise<ExternalFacts> {
    const { external } = this.deps;
    if (wanted.length === 0) return NOTHING_WANTED;
    if (external === undefined) return unavailable(wanted);
    try {
      const { tenantId, tenantSlug, subject } = await this.factsOf(context, question);
      const asked = question.subject.by === 'identity' ? question.subject.identity : null;
      const identity = subject?.primaryIdentity ?? asked;
      return await external.read(context, { tenantId, tenantSlug, identity, subjectKey: subject?.key ?? null }, wanted);
    } catch {
      // Nobody knows who that is, so nobody can be asked.
      return unavailable(wanted);
    }
  }

  factsOfMany(
    _context: CallContext,
    tenantId: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly SubjectFacts[]> {
    return this.facts.page(tenantId, page);
  }

  tenantNamed(_context: CallContext, slug: string): Promise<string | undefined> {
    return this.named.get(PLATFORM_TENANT, slug, () => this.facts.tenantNamed(slug));
  }

  registerTenant(context: CallContext, tenant: TenantRecord): Promise<{ readonly id: string; readonly outcome: RecordOutcome }> {
    return this.deps.database.forTenants([], async () => {
      const id = (await this.tenants.named([tenant.slug])).get(tenant.slug) ?? this.deps.ids.ordered();
      const outcome = await this.tenants.inTenants([id], () =>
        this.journal.around(context, new Map([[id, { kind: 'tenant' }]]), () => this.tenants.registerTenant(id, tenant)),
      );
      return { id, outcome };
    });
  }

  registerGroup(
    context: CallContext,
    { tenant, key }: { readonly tenant: string; readonly key: string },
  ): Promise<RecordOutcome> {
    return this.inTenants([tenant], (tenantId) => {
      const id = tenantId(tenant);
      const watched = new Map<string, Watched>([[id, { kind: 'group', keys: [key] }]]);
      return this.journal.around(context, watched, () => this.tenants.registerGroup(id, key));
    });
  }

  registerSubjects(context: CallContext, subjects: readonly SubjectRecord[]): Promise<readonly RecordOutcome[]> {
    return this.inTenants(
      subjects.map(({ tenant }) => tenant),
      (tenantId) => {
        refuseImport(contradictions(subjects));
        const wanted = subjects.map((record) => ({
          tenantId: tenantId(record.tenant),
          record,
          groups: [...new Set(record.groups)].sort(),
        }));
        const watched = byTenant(wanted, (own): Watched => ({ kind: 'subject', keys: own.map(({ record }) => record.key) }));
        return this.journal.around(context, watched, () => this.subjects.register(wanted));
      },
    );
  }

  assignRoles(context: CallContext, assignments: readonly AssignmentRecord[]): Promise<readonly RecordOutcome[]> {
    return this.inTenants(
      assignments.map(({ tenant }) => tenant),
      (tenantId) => {
        refuseImport(repeatedAssignments(assignments));
        const wanted = assignments.map((record) => ({ tenantId: tenantId(record.tenant), record }));
        const principals = (own: typeof wanted): Watched => ({
          kind: 'assignment',
          principals: own.map(({ record }) => record.principal),
        });
        return this.journal.around(context, byTenant(wanted, principals), () => this.assignments.assign(wanted));
      },
    );
  }

  announceChanges(_context: CallContext): Promise<void> {
    return this.deps.changeFeed.announce();
  }

  /** All or nothing, with the tenants locked against other writers. */
  private async inTenants<Result>(
    slugs: readonly string[],
    work: (tenantId: (slug: string) => string) => Promise<Result>,
  ): Promise<Result> {
    const ids = await this.tenants.named(slugs);
    refuseImport(unknownTenants(slugs, ids));
    return this.tenants.inTenants([...ids.values()], () => work((slug) => ids.get(slug) ?? ''));
  }
}

function byTenant<Item extends { readonly tenantId: string }>(
  items: readonly Item[],
  watch: (own: Item[]) => Watched,
): ReadonlyMap<string, Watched> {
  const own = new Map<string, Item[]>();
  for (const item of items) {
    const known = own.get(item.tenantId);
    if (known === undefined) own.set(item.tenantId, [item]);
    else known.push(item);
  }
  return new Map([...own].map(([tenantId, each]) => [tenantId, watch(each)]));
}

const NOTHING_WANTED: ExternalFacts = { values: new Map(), unavailable: new Set(), validUntil: null };

function unavailable(wanted: readonly WantedFact[]): ExternalFacts {
  return { ...NOTHING_WANTED, unavailable: new Set(wanted.map(({ path }) => path)) };
}

/** Unambiguous, whatever characters the parts hold. */
function questionKey({ tenantId, subject, groups }: FactQuestion): string {
  const asked = groups.length === 0 ? '' : JSON.stringify(groups);
  return subject.by === 'identity'
    ? `${tenantId}i${asked.length}:${asked}${identityKey(subject.identity)}`
    : `${tenantId}k${asked.length}:${asked}${subject.key}`;
}
