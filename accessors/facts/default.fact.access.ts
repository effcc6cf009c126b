import type { CallContext } from '#utilities/call-context/contract.js';
import type { ChangeFeed, EpochCache, EpochCaches } from '#utilities/change-feed/contract.js';
import type { Database, UnitOfWork } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type {
  AssignmentRecord,
  FactAccess,
  RecordOutcome,
  SubjectFacts,
  SubjectRecord,
  TenantRecord,
  UpstreamIdentity,
} from './contract.js';
import { refuseImport, unknownTenants } from './import-fault.js';
import { AssignmentStore, repeatedAssignments } from './stores/assignment.store.js';
import { FactStore } from './stores/fact.store.js';
import { contradictions, identityKey } from './stores/subject.state.js';
import { SubjectStore } from './stores/subject.store.js';

export interface DefaultFactAccessDeps {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly changeFeed: ChangeFeed;
  readonly caches: EpochCaches;
  readonly ids: IdSource;
}

const KEPT_SUBJECTS = 100_000;

export class DefaultFactAccess implements FactAccess {
  private readonly facts: FactStore;
  private readonly subjects: SubjectStore;
  private readonly assignments: AssignmentStore;
  private readonly kept: EpochCache<SubjectFacts>;

  constructor(private readonly deps: DefaultFactAccessDeps) {
    this.facts = new FactStore(deps);
    this.subjects = new SubjectStore(deps);
    this.assignments = new AssignmentStore(deps);
    this.kept = deps.caches.create({ values: KEPT_SUBJECTS, absent: 1 });
  }

  async factsOf(_context: CallContext, tenantId: string, identity: UpstreamIdentity): Promise<SubjectFacts> {
    const key = tenantId + identityKey(identity);
    const facts =
      this.kept.peek(tenantId, key) ?? (await this.kept.get(tenantId, key, () => this.facts.read(tenantId, identity)));
    if (facts === undefined) throw new Error('facts are always there, if only to say that nobody is');
    return facts;
  }

  registerTenant(_context: CallContext, tenant: TenantRecord): Promise<{ readonly id: string; readonly outcome: RecordOutcome }> {
    return this.deps.unitOfWork.run(() => this.facts.registerTenant(tenant));
  }

  registerGroup(_context: CallContext, group: { readonly tenant: string; readonly key: string }): Promise<RecordOutcome> {
    return this.inTenants([group.tenant], (tenantId) => this.facts.registerGroup(tenantId(group.tenant), group.key));
  }

  registerSubjects(_context: CallContext, subjects: readonly SubjectRecord[]): Promise<readonly RecordOutcome[]> {
    return this.inTenants(
      subjects.map(({ tenant }) => tenant),
      (tenantId) => {
        refuseImport(contradictions(subjects));
        return this.subjects.register(
          subjects.map((record) => ({ tenantId: tenantId(record.tenant), record, groups: [...new Set(record.groups)].sort() })),
        );
      },
    );
  }

  assignRoles(_context: CallContext, assignments: readonly AssignmentRecord[]): Promise<readonly RecordOutcome[]> {
    return this.inTenants(
      assignments.map(({ tenant }) => tenant),
      (tenantId) => {
        refuseImport(repeatedAssignments(assignments));
        return this.assignments.assign(assignments.map((record) => ({ tenantId: tenantId(record.tenant), record })));
      },
    );
  }

  announceChanges(_context: CallContext): Promise<void> {
    return this.deps.changeFeed.announce();
  }

  /** All or nothing, with the tenants locked against other writers. */
  private inTenants<Result>(
    slugs: readonly string[],
    work: (tenantId: (slug: string) => string) => Promise<Result>,
  ): Promise<Result> {
    return this.deps.unitOfWork.run(async () => {
      const ids = await this.facts.lockTenants(slugs);
      refuseImport(unknownTenants(slugs, ids));
      return work((slug) => ids.get(slug) ?? '');
    });
  }
}
