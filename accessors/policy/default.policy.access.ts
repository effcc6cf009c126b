import type { CallContext } from '#utilities/call-context/contract.js';
import type { EpochCache, EpochCaches } from '#utilities/change-feed/contract.js';
import type { Database, UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { IdSource } from '#utilities/id/contract.js';
import { EMPTY_POLICY, type PolicyAccess, type PolicyContent, type PolicyDocument, type PolicyVersion } from './contract.js';
import { importLosses } from './import-losses.js';
import { canonicalPolicy, contentOf } from './policy.document.js';
import type { CountingVersion, PolicyStore } from './policy-store.contract.js';
import { PostgresPolicyStore } from './stores/postgres.policy-store.js';
import { TenantRows } from './stores/tenant.rows.js';

export interface DefaultPolicyAccessDeps {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly caches: EpochCaches;
  readonly ids: IdSource;
  /** Left out: the one in the database of the service. */
  readonly store?: PolicyStore;
}

/** A version with the id that it is stored under; `null`: nothing was ever enforced. */
interface Loaded {
  readonly id: string | null;
  readonly version: PolicyVersion;
}

/** Both from one read, so that one is never newer than the other. */
interface LoadedInForce {
  readonly enforced: Loaded;
  readonly shadow: {
    readonly loaded: Loaded;
    readonly answer: { readonly policy: PolicyVersion; readonly share: number };
  } | null;
}

const KEPT_POLICIES = 10_000;
const DEFAULT_SET = 'main';
const IMPORT = 'import';

export class DefaultPolicyAccess implements PolicyAccess {
  private readonly kept: EpochCache<LoadedInForce>;
  private readonly store: PolicyStore;
  private readonly tenants: TenantRows;

  constructor(private readonly deps: DefaultPolicyAccessDeps) {
    this.store = deps.store ?? new PostgresPolicyStore(deps);
    this.tenants = new TenantRows(deps);
    this.kept = deps.caches.create({ values: KEPT_POLICIES, absent: 1 });
  }

  async activePolicy(_context: CallContext, tenantId: string): Promise<PolicyVersion> {
    return (await this.inForce(tenantId)).enforced.version;
  }

  async shadowPolicy(
    _context: CallContext,
    tenantId: string,
  ): Promise<{ readonly policy: PolicyVersion; readonly share: number } | null> {
    return (await this.inForce(tenantId)).shadow?.answer ?? null;
  }

  activate(_context: CallContext, document: PolicyDocument): Promise<'created' | 'updated' | 'unchanged'> {
    return this.deps.unitOfWork.run(() => this.recordAndActivate(document));
  }

  private async inForce(tenantId: string): Promise<LoadedInForce> {
    const loaded = await this.kept.get(tenantId, tenantId, async (outdated) => {
      const known = [outdated?.enforced, outdated?.shadow?.loaded].filter((each) => each !== undefined);
      const { epoch, enforced, shadow } = await this.store.inForce(
        tenantId,
        known.flatMap(({ id }) => (id === null ? [] : [id])),
      );
      return {
        epoch,
        value: {
          enforced: enforced === null ? nothing(tenantId, outdated) : load(tenantId, enforced, known),
          shadow: shadow === null ? null : tried(load(tenantId, shadow, known), shadow.share, outdated),
        },
      };
    });
    if (loaded === undefined) throw new Error('there is always a policy, if only an empty one');
    return loaded;
  }

  private async recordAndActivate({ tenant, set, content }: PolicyDocument): Promise<'created' | 'updated' | 'unchanged'> {
    const tenantId = await this.tenants.lock(tenant);
    if (tenantId === undefined) throw new CodedError('IMPORT_INVALID', { actual: `tenant ${tenant} is not there` });

    const { store } = this;
    const { enforced } = await store.inForce(tenantId, []);
    const canonical = canonicalPolicy(content);
    refuseLosses(tenant, enforced === null ? EMPTY_POLICY : contentOf(enforced.document), canonical.content);
    const isNewSet = (await store.versions(tenantId, set)).length === 0;
    const version = await store.ensureVersion({ tenantId, set, ...canonical, author: IMPORT, message: '' });
    if (version.id === enforced?.id) return 'unchanged';
    await store.activate({
      tenantId,
      set,
      sequence: version.record.sequence,
      mode: 'enforce',
      expected: enforced?.activation ?? 0,
      by: IMPORT,
      reason: IMPORT,
      planId: null,
    });
    return isNewSet ? 'created' : 'updated';
  }
}

function refuseLosses(tenant: string, inForce: PolicyContent, imported: PolicyContent): void {
  const losses = importLosses(inForce, imported);
  if (losses.length === 0) return;
  throw new CodedError('IMPORT_INVALID', {
    actual: `policies of ${tenant}: the policy in force has ${losses.join(', ')}, which the import does not state as it is and would take away; change it with countersign policy plan and apply`,
  });
}

/** The very object that was there before, where it is the same version. */
function load(tenantId: string, { id, set, sequence, document }: CountingVersion, known: readonly Loaded[]): Loaded {
  const same = known.find((each) => each.id === id);
  if (same !== undefined) return same;
  return { id, version: Object.freeze({ tenantId, set, sequence, ...contentOf(document) }) };
}

function nothing(tenantId: string, outdated: LoadedInForce | undefined): Loaded {
  if (outdated?.enforced.id === null) return outdated.enforced;
  return { id: null, version: Object.freeze({ tenantId, set: DEFAULT_SET, sequence: 0, ...EMPTY_POLICY }) };
}

function tried(loaded: Loaded, share: number, outdated: LoadedInForce | undefined): NonNullable<LoadedInForce['shadow']> {
  const before = outdated?.shadow;
  if (before?.loaded === loaded && before.answer.share === share) return before;
  return { loaded, answer: { policy: loaded.version, share } };
}
