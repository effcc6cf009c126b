import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type {
  PolicyActivation,
  PolicyActivationOrder,
  PolicyContent,
  PolicyLife,
  PolicyVersion,
  PolicyVersionRecord,
  StoredPlan,
} from './contract.js';
import { canonicalPolicy, contentOf } from './policy.document.js';
import type { PolicyStore } from './policy-store.contract.js';

export class DefaultPolicyLife implements PolicyLife {
  constructor(private readonly deps: { readonly store: PolicyStore }) {}

  async addVersion(
    _context: CallContext,
    version: {
      readonly tenantId: string;
      readonly set: string;
      readonly content: PolicyContent;
      readonly author: string;
      readonly message: string;
    },
  ): Promise<PolicyVersionRecord> {
    const { content, ...rest } = version;
    const { json, sha256 } = canonicalPolicy(content);
    return (await this.deps.store.ensureVersion({ ...rest, json, sha256 })).record;
  }

  /** SECURITY: a document that is not the one that was kept under its digest is not handed on to be judged or applied. */
  async version(
    _context: CallContext,
    tenantId: string,
    { set, sequence }: { readonly set: string; readonly sequence: number },
  ): Promise<{ readonly record: PolicyVersionRecord; readonly policy: PolicyVersion }> {
    const stored = await this.deps.store.version(tenantId, set, sequence);
    if (stored === undefined) throw new CodedError('POLICY_UNKNOWN', { field: `${set}@${String(sequence)}` });
    const { content, sha256 } = canonicalPolicy(contentOf(stored.document));
    if (sha256.toString('hex') !== stored.record.sha256) {
      throw new CodedError('POLICY_UNKNOWN', {
        field: `${set}@${String(sequence)}`,
        internal: 'the stored document does not have the digest that it was stored under',
      });
    }
    return { record: stored.record, policy: Object.freeze({ tenantId, set, sequence, ...content }) };
  }

  versions(_context: CallContext, tenantId: string, set: string): Promise<readonly PolicyVersionRecord[]> {
    return this.deps.store.versions(tenantId, set);
  }

  activations(_context: CallContext, tenantId: string): Promise<readonly PolicyActivation[]> {
    return this.deps.store.activations(tenantId);
  }

  activateVersion(_context: CallContext, order: PolicyActivationOrder): Promise<PolicyActivation> {
    return this.deps.store.activate(order);
  }

  savePlan(_context: CallContext, plan: Omit<StoredPlan, 'id' | 'createdAt' | 'approvedBy'>): Promise<StoredPlan> {
    return this.deps.store.savePlan(plan);
  }

  async plan(_context: CallContext, id: string): Promise<StoredPlan> {
    const plan = await this.deps.store.plan(id);
    if (plan === undefined) throw new CodedError('PLAN_UNKNOWN', { field: 'plan' });
    return plan;
  }

  async approvePlan(context: CallContext, id: string, by: string): Promise<StoredPlan> {
    const approved = await this.deps.store.approvePlan(id, by);
    if (approved !== undefined) return approved;
    await this.plan(context, id);
    throw new CodedError('POLICY_CHANGED', { field: 'plan', expected: 'a plan that nobody approved yet' });
  }
}
