import { randomUUID } from 'node:crypto';
import type { PolicyActivation, PolicyActivationOrder, PolicyVersionRecord, StoredPlan } from '#accessors/policy/contract.js';
import type {
  CountingVersion,
  NewVersion,
  PolicyInForce,
  PolicyStore,
  StoredVersion,
} from '#accessors/policy/policy-store.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

interface Kept {
  readonly versions: StoredVersion[];
  readonly activations: (PolicyActivation & { readonly versionId: string })[];
}

/** Keeps policies in the memory of one process: for tests and for trying things out. */
export class MemoryPolicyStore implements PolicyStore {
  private readonly tenants = new Map<string, Kept>();
  private readonly plans = new Map<string, StoredPlan>();

  /** @param tenants ids of the tenants that there are */
  constructor(
    tenants: readonly string[],
    private readonly now: () => number,
  ) {
    for (const id of tenants) this.tenants.set(id, { versions: [], activations: [] });
  }

  async inForce(tenantId: string, have: readonly string[]): Promise<PolicyInForce> {
    const { activations, versions } = this.tenants.get(tenantId) ?? { activations: [], versions: [] };
    const counting = ({ versionId, number }: Kept['activations'][number]): CountingVersion => {
      const version = versions.find(({ id }) => id === versionId);
      if (version === undefined) throw new Error('an activation without its version');
      const { set, sequence } = version.record;
      const document = have.includes(versionId) ? undefined : copy(version.document);
      return { id: versionId, activation: number, set, sequence, document };
    };
    const enforced = activations.findLast(({ mode }) => mode === 'enforce');
    const newest = activations.at(-1);
    return {
      // No epoch is known here, so nothing of it is kept by the caller.
      epoch: 0,
      enforced: enforced === undefined ? null : counting(enforced),
      shadow: newest?.mode === 'shadow' ? { ...counting(newest), share: newest.share ?? 1 } : null,
    };
  }

  async ensureVersion({ tenantId, set, json, sha256, author, message }: NewVersion): Promise<StoredVersion> {
    const { versions } = this.known(tenantId);
    const ofSet = versions.filter(({ record }) => record.set === set);
    const digest = sha256.toString('hex');
    const same = ofSet.findLast(({ record }) => record.sha256 === digest);
    if (same !== undefined) return copy(same);
    const record = { set, sequence: ofSet.length + 1, sha256: digest, author, message, createdAt: this.now() };
    const version: StoredVersion = { id: randomUUID(), record, document: JSON.parse(json) as unknown };
    versions.push(version);
    return copy(version);
  }

  async version(tenantId: string, set: string, sequence: number): Promise<StoredVersion | undefined> {
    const found = this.tenants.get(tenantId)?.versions.find(({ record }) => record.set === set && record.sequence === sequence);
    return found === undefined ? undefined : copy(found);
  }

  async versions(tenantId: string, set: string): Promise<readonly PolicyVersionRecord[]> {
    const versions = this.tenants.get(tenantId)?.versions ?? [];
    return versions
      .map(({ record }) => ({ ...record }))
      .filter((record) => record.set === set)
      .reverse();
  }

  async activations(tenantId: string): Promise<readonly PolicyActivation[]> {
    return (this.tenants.get(tenantId)?.activations ?? []).map(({ versionId: _id, ...activation }) => activation).reverse();
  }

  /** All of it in one turn of the event loop, so two orders follow one another. */
  async activate(order: PolicyActivationOrder): Promise<PolicyActivation> {
    const { tenantId, expected, set, sequence, mode, share, by, reason, planId } = order;
    const { activations, versions } = this.known(tenantId);
    if ((activations.findLast((each) => each.mode === 'enforce')?.number ?? 0) !== expected) {
      throw new CodedError('POLICY_CHANGED', { field: 'base' });
    }
    const version = versions.find(({ record }) => record.set === set && record.sequence === sequence);
    if (version === undefined) throw new CodedError('POLICY_UNKNOWN', { field: `${set}@${String(sequence)}` });
    const activation: PolicyActivation = {
      number: activations.length + 1,
      set,
      sequence,
      mode,
      share: mode === 'shadow' ? (share ?? 1) : null,
      by,
      reason,
      planId,
      at: this.now(),
    };
    activations.push({ ...activation, versionId: version.id });
    return activation;
  }

  async savePlan(plan: Omit<StoredPlan, 'id' | 'createdAt' | 'approvedBy'>): Promise<StoredPlan> {
    const stored: StoredPlan = { ...copy(plan), id: randomUUID(), createdAt: this.now(), approvedBy: null };
    this.plans.set(stored.id, stored);
    return copy(stored);
  }

  async plan(id: string): Promise<StoredPlan | undefined> {
    const plan = this.plans.get(id);
    return plan === undefined ? undefined : copy(plan);
  }

  async approvePlan(id: string, by: string): Promise<StoredPlan | undefined> {
    const plan = this.plans.get(id);
    if (plan === undefined || plan.approvedBy !== null) return undefined;
    const approved = { ...plan, approvedBy: by };
    this.plans.set(id, approved);
    return copy(approved);
  }

  private known(tenantId: string): Kept {
    const kept = this.tenants.get(tenantId);
    if (kept === undefined) throw new CodedError('POLICY_UNKNOWN', { internal: 'the tenant is not there' });
    return kept;
  }
}

/** Callers get copies, so that nothing that they do changes what is kept. All of it is JSON. */
function copy<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
