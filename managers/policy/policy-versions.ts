import type { FactAccess } from '#accessors/facts/contract.js';
import {
  EMPTY_POLICY,
  type PolicyActivation,
  type PolicyLife,
  type PolicyVersion,
  type PolicyVersionRecord,
} from '#accessors/policy/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { PolicyName } from './contract.js';

export interface PolicyInForce {
  readonly tenantId: string;
  readonly policy: PolicyVersion;
  /** `null`: nothing was ever enforced. */
  readonly record: PolicyVersionRecord | null;
  /** Number of the activation by which it counts; 0: none. */
  readonly activation: number;
}

interface VersionName {
  readonly set: string;
  readonly sequence: number;
}

const DEFAULT_SET = 'main';

/** Which versions there are and which one counts, as the database has it now. */
export class PolicyVersions {
  constructor(
    private readonly parts: { readonly policyLife: PolicyLife; readonly factAccess: Pick<FactAccess, 'tenantNamed'> },
  ) {}

  /** @throws CodedError `TENANT_UNRESOLVED` */
  async tenantId(context: CallContext, slug: string): Promise<string> {
    const id = await this.parts.factAccess.tenantNamed(context, slug);
    if (id === undefined) throw new CodedError('TENANT_UNRESOLVED', { field: 'tenant', actual: slug });
    return id;
  }

  /** @throws CodedError `TENANT_UNRESOLVED` */
  async inForce(context: CallContext, tenant: string): Promise<PolicyInForce> {
    const tenantId = await this.tenantId(context, tenant);
    const newest = (await this.parts.policyLife.activations(context, tenantId)).find(({ mode }) => mode === 'enforce');
    if (newest === undefined) {
      const policy: PolicyVersion = { tenantId, set: DEFAULT_SET, sequence: 0, ...EMPTY_POLICY };
      return { tenantId, policy, record: null, activation: 0 };
    }
    const { record, policy } = await this.parts.policyLife.version(context, tenantId, newest);
    return { tenantId, policy, record, activation: newest.number };
  }

  /**
   * A version that was in force earlier and is not now: the one with this number, or the one before.
   *
   * @throws CodedError `POLICY_UNKNOWN`, `PLAN_REFUSED` when it never was in force
   */
  async enforcedBefore(
    context: CallContext,
    { tenantId, policy }: PolicyInForce,
    { set, to }: Pick<PolicyName, 'set'> & { readonly to: number | null },
  ): Promise<VersionName> {
    const enforced = (await this.parts.policyLife.activations(context, tenantId)).filter(isEnforcing);
    const wanted = enforced.find((each) =>
      to === null ? each.set !== policy.set || each.sequence !== policy.sequence : each.set === set && each.sequence === to,
    );
    if (wanted !== undefined) return { set: wanted.set, sequence: wanted.sequence };
    if (to !== null) await this.parts.policyLife.version(context, tenantId, { set, sequence: to });
    throw to === null
      ? new CodedError('POLICY_UNKNOWN', { field: 'to', actual: 'no other version was in force before' })
      : new CodedError('PLAN_REFUSED', { field: 'to', actual: `${set}@${String(to)} was never in force: plan and apply it` });
  }
}

function isEnforcing({ mode }: PolicyActivation): boolean {
  return mode === 'enforce';
}
