import type { AttributeValue, PolicyLife, StoredPlan } from '#accessors/policy/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { PlanReport } from './contract.js';

/** What a plan found, as it is kept. */
export interface PlanFinding {
  readonly report: Omit<PlanReport, 'planId' | 'at' | 'approvedBy' | 'author'>;
  /** Of the outcome for every subject and holder. */
  readonly outcome: string;
  /** Why nobody may apply it, whoever they are: guard rails, failing tests, missing tests. */
  readonly obstacles: readonly string[];
}

export interface KeptPlan {
  readonly stored: StoredPlan;
  readonly finding: PlanFinding;
  readonly report: PlanReport;
}

export interface NewPlan {
  readonly tenantId: string;
  readonly base: number;
  readonly createdBy: string;
  readonly finding: PlanFinding;
}

/** Plans, written and read back as they were made. */
export class PlanBook {
  constructor(private readonly policyLife: PolicyLife) {}

  async add(context: CallContext, { tenantId, base, createdBy, finding }: NewPlan): Promise<KeptPlan> {
    const { name, candidate, epoch } = finding.report;
    const stored = await this.policyLife.savePlan(context, {
      tenantId,
      set: name.set,
      base,
      candidate: candidate.sequence,
      epoch,
      createdBy,
      report: finding as unknown as AttributeValue,
    });
    return keptPlan(stored);
  }

  /** @throws CodedError `PLAN_UNKNOWN` */
  async read(context: CallContext, planId: string): Promise<KeptPlan> {
    return keptPlan(await this.policyLife.plan(context, planId));
  }
}

function keptPlan(stored: StoredPlan): KeptPlan {
  const finding = stored.report as unknown as PlanFinding;
  const { id: planId, createdBy: author, createdAt: at, approvedBy } = stored;
  return { stored, finding, report: { planId, author, at, approvedBy, ...finding.report } };
}
