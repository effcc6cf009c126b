import type { CallContext } from '#utilities/call-context/contract.js';
import type { EpochCache, EpochCaches } from '#utilities/change-feed/contract.js';
import type { Database, UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { PolicyAccess, PolicyDocument, PolicyVersion } from './contract.js';
import { canonicalPolicy } from './policy.document.js';
import { PolicyStore, type StoredPolicy } from './stores/policy.store.js';

export interface DefaultPolicyAccessDeps {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly caches: EpochCaches;
  readonly ids: IdSource;
}

const KEPT_POLICIES = 10_000;

export class DefaultPolicyAccess implements PolicyAccess {
  private readonly store: PolicyStore;
  private readonly kept: EpochCache<StoredPolicy>;

  constructor(private readonly deps: DefaultPolicyAccessDeps) {
    this.store = new PolicyStore(deps);
    this.kept = deps.caches.create({ values: KEPT_POLICIES, absent: 1 });
  }

  async activePolicy(_context: CallContext, tenantId: string): Promise<PolicyVersion> {
    const policy = await this.kept.get(tenantId, tenantId, (outdated) => this.store.readActive(tenantId, outdated));
    if (policy === undefined) throw new Error('there is always a policy, if only an empty one');
    return policy.version;
  }

  activate(_context: CallContext, document: PolicyDocument): Promise<'created' | 'updated' | 'unchanged'> {
    return this.deps.unitOfWork.run(() => this.recordAndActivate(document));
  }

  private async recordAndActivate({
    tenant,
    set,
    roles,
    mappings,
  }: PolicyDocument): Promise<'created' | 'updated' | 'unchanged'> {
    const tenantId = await this.store.lockTenant(tenant);
    if (tenantId === undefined) throw new CodedError('IMPORT_INVALID', { actual: `tenant ${tenant} is not there` });

    const content = canonicalPolicy({ roles, mappings });
    const newest = await this.store.newestVersion(tenantId, set);
    const saysTheSame = newest?.sha256.equals(content.sha256) === true;
    const active = await this.store.readActive(tenantId, undefined);
    if (saysTheSame && active.value?.versionId === newest.id) return 'unchanged';

    const sequence = (newest?.seq ?? 0) + 1;
    const versionId = saysTheSame ? newest.id : await this.store.addVersion(tenantId, { set, sequence, content });
    await this.store.activate(tenantId, { set, versionId, reason: 'import' });
    return newest === undefined ? 'created' : 'updated';
  }
}
