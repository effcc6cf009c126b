import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { PolicyActivation, PolicyActivationOrder, PolicyLife } from '#accessors/policy/contract.js';
import type { PolicyTestReport } from '#engines/permission/policy-language.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { PlanOptions, PlanReport, PolicyLint, PolicyManager, PolicyName } from './contract.js';
import { guardRailFaults, listed } from './guard-rails.js';
import type { Gain } from './impact/impact-tally.js';
import type { Impact } from './impact/impact.js';
import type { OperatorReach } from './operator-reach.js';
import { type KeptPlan, PlanBook, type PlanFinding } from './plan-book.js';
import { type Comparison, highRiskOf, obstaclesOf, type PlanMaker } from './plan-maker.js';
import { policyInvalid, type PolicyFiles } from './policy-files.js';
import type { PolicyVersions } from './policy-versions.js';
import type { ImpactParts } from './impact/impact.js';

export interface PolicyManagerDeps {
  readonly files: PolicyFiles;
  readonly versions: PolicyVersions;
  readonly planMaker: PlanMaker;
  readonly operatorReach: OperatorReach;
  readonly policyLife: PolicyLife;
  readonly permissionEngine: ImpactParts['permissionEngine'];
  readonly factAccess: Pick<FactAccess, 'announceChanges'> & ImpactParts['factAccess'];
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly unitOfWork: UnitOfWork;
  readonly settings: { readonly fourEyes: boolean };
}

/** Whoever has no operator's token is on the machine with the database. */
const DIRECT = 'cli';

export class DefaultPolicyManager implements PolicyManager {
  private readonly plans: PlanBook;

  constructor(private readonly deps: PolicyManagerDeps) {
    this.plans = new PlanBook(deps.policyLife);
  }

  async lint(context: CallContext, document: unknown): Promise<PolicyLint> {
    return this.deps.files.lint(document, await this.deps.files.surroundings(context));
  }

  async test(context: CallContext, document: unknown, tests: readonly unknown[]): Promise<PolicyTestReport> {
    const { files, versions, planMaker } = this.deps;
    const surroundings = await files.surroundings(context);
    const { file } = files.read(document, surroundings);
    const testFiles = files.readTests(tests);
    const { tenantId, policy: before } = await versions.inForce(context, file.tenant);
    const after = { tenantId, set: file.set, sequence: 0, ...file.content };
    const options = { tests: testFiles, replayDays: null };
    const outcome = await planMaker.outcome(context, { before, after, surroundings }, options);
    return outcome.tests ?? { results: [], coverage: [] };
  }

  async plan(context: CallContext, document: unknown, options: PlanOptions): Promise<PlanReport> {
    const { files, versions, policyLife, planMaker, permissionEngine } = this.deps;
    const surroundings = await files.surroundings(context);
    const { file } = files.read(document, surroundings);
    const tests = files.readTests(options.tests);
    const { applications } = surroundings;
    const faults = guardRailFaults(options.guardRails, { engine: permissionEngine, applications });
    if (faults.length > 0) throw policyInvalid(faults);

    const base = await versions.inForce(context, file.tenant);
    const { tenantId } = base;
    const author = context.operator ?? DIRECT;
    const { set, content, message } = file;
    const { sequence, sha256 } = await policyLife.addVersion(context, { tenantId, set, content, author, message });
    const { policy: after } = await policyLife.version(context, tenantId, { set, sequence });
    const comparison = { before: base.policy, after, surroundings };
    const outcome = await planMaker.outcome(context, comparison, { ...options, tests });

    const { impact, replay } = outcome;
    const obstacles = obstaclesOf(outcome, options, permissionEngine);
    const finding: PlanFinding = {
      report: {
        name: { tenant: file.tenant, set },
        base: base.record === null ? null : { sequence: base.record.sequence, sha256: base.record.sha256 },
        candidate: { sequence, sha256 },
        ...countsOf(impact),
        replay,
        tests: outcome.tests,
        refusals: [...obstacles, ...(await this.escalations(context, impact))],
        highRisk: highRiskOf(impact, comparison, permissionEngine),
      },
      outcome: outcomeOf(impact),
      obstacles,
    };
    return (await this.plans.add(context, { tenantId, base: base.activation, createdBy: author, finding })).report;
  }

  async readPlan(context: CallContext, planId: string): Promise<PlanReport> {
    return (await this.plans.read(context, planId)).report;
  }

  async approve(context: CallContext, planId: string): Promise<void> {
    const { stored, report } = await this.plans.read(context, planId);
    const by = context.operator ?? DIRECT;
    if (by === stored.createdBy) throw refused(['the author of a plan cannot approve it']);
    await this.deps.unitOfWork.run(async () => {
      await this.deps.policyLife.approvePlan(context, planId, by);
      await this.record(context, 'policy_plan_approved', `${named(report.name, report.candidate.sequence)} plan ${planId}`);
    });
  }

  async apply(context: CallContext, planId: string, reason: string): Promise<PolicyActivation> {
    const { policyLife, versions, planMaker, files } = this.deps;
    const kept = await this.plans.read(context, planId);
    const { stored, finding, report } = kept;
    this.refuseUnfit(kept);

    const base = await versions.inForce(context, report.name.tenant);
    if (base.activation !== stored.base) throw new CodedError('POLICY_CHANGED', { field: 'base' });
    const candidate = { set: stored.set, sequence: stored.candidate };
    const { policy: after } = await policyLife.version(context, stored.tenantId, candidate);
    const surroundings = await files.surroundings(context);
    files.refuseUnfit(after, surroundings);
    const comparison: Comparison = { before: base.policy, after, surroundings };
    const impact = await planMaker.impact(context, comparison);
    if (outcomeOf(impact) !== finding.outcome) {
      throw new CodedError('POLICY_CHANGED', { field: 'outcome', actual: 'data has changed since the plan' });
    }
    const escalations = await this.escalations(context, impact);
    if (escalations.length > 0) throw refused(escalations);

    return this.activate(context, report.name, {
      ...candidate,
      tenantId: stored.tenantId,
      mode: 'enforce',
      expected: stored.base,
      by: context.operator ?? DIRECT,
      reason,
      planId,
    });
  }

  async rollback(
    context: CallContext,
    order: PolicyName & { readonly to: number | null; readonly reason: string },
  ): Promise<PolicyActivation> {
    const { policyLife, versions, planMaker, files } = this.deps;
    const base = await versions.inForce(context, order.tenant);
    const target = await versions.enforcedBefore(context, base, order);
    const { policy: after } = await policyLife.version(context, base.tenantId, target);
    const surroundings = await files.surroundings(context);
    files.refuseUnfit(after, surroundings);
    if (context.operator !== undefined) {
      const impact = await planMaker.impact(context, { before: base.policy, after, surroundings });
      const escalations = await this.escalations(context, impact);
      if (escalations.length > 0) throw refused(escalations);
    }
    return this.activate(context, order, {
      ...target,
      tenantId: base.tenantId,
      mode: 'enforce',
      expected: base.activation,
      by: context.operator ?? DIRECT,
      reason: order.reason,
      planId: null,
    });
  }

  async shadow(context: CallContext, planId: string, share: number): Promise<PolicyActivation> {
    if (!(share >= 0 && share <= 1)) {
      throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'share', expected: 'a number from 0 to 1' });
    }
    const { stored, report } = await this.plans.read(context, planId);
    return this.activate(context, report.name, {
      tenantId: stored.tenantId,
      set: stored.set,
      sequence: stored.candidate,
      ...(share === 0 ? { mode: 'shadow-end' } : { mode: 'shadow', share }),
      expected: stored.base,
      by: context.operator ?? DIRECT,
      reason: share === 0 ? 'shadow ended' : `shadow for ${String(share)} of the traffic`,
      planId,
    });
  }

  private async activate(context: CallContext, name: PolicyName, order: PolicyActivationOrder): Promise<PolicyActivation> {
    const what = order.mode === 'enforce' ? 'policy_applied' : 'policy_shadowed';
    const unchecked = context.operator === undefined ? '; by direct access to the database, grants not checked' : '';
    const activation = await this.deps.unitOfWork.run(async () => {
      const done = await this.deps.policyLife.activateVersion(context, order);
      const plan = order.planId === null ? '' : ` plan ${order.planId}`;
      const detail = `${named(name, order.sequence)} activation ${String(done.number)} ${order.mode}${plan}: ${order.reason}${unchecked}`;
      await this.record(context, what, detail);
      return done;
    });
    await this.deps.factAccess.announceChanges(context);
    return activation;
  }

  private refuseUnfit({ finding, stored }: KeptPlan): void {
    const alone = this.deps.settings.fourEyes && stored.approvedBy === null;
    const obstacles = [...finding.obstacles, ...(alone ? ['another operator has to approve the plan first'] : [])];
    if (obstacles.length > 0) throw refused(obstacles);
  }

  private async escalations(context: CallContext, { stored, holders }: Impact): Promise<readonly string[]> {
    const beyond = await this.deps.operatorReach.beyond(context, [...stored.gains, ...holders.gains]);
    return beyond.length === 0 ? [] : [`it grants what the operator does not hold: ${listed(namesOf(beyond))}`];
  }

  private record(context: CallContext, what: string, detail: string): Promise<void> {
    return this.deps.changeTrail.recordWithin(context, { outcome: 'changed', what, detail });
  }
}

function countsOf({ epoch, stored, holders }: Impact) {
  return {
    epoch,
    subjects: stored.subjects,
    changedSubjects: stored.changed,
    losingSubjects: stored.losing,
    gainingSubjects: stored.gaining,
    byRisk: stored.byRisk,
    byRule: stored.byRule,
    changes: stored.changes,
    holders: holders.changes,
  };
}

function outcomeOf({ stored, holders }: Impact): string {
  return `${stored.digest()}.${holders.digest()}`;
}

function namesOf(gains: readonly Gain[]): readonly string[] {
  return [...new Set(gains.map(({ permission }) => permission))].sort();
}

function named({ tenant, set }: PolicyName, sequence: number): string {
  return `${tenant} ${set}@${String(sequence)}`;
}

function refused(because: readonly string[]): CodedError {
  return new CodedError('PLAN_REFUSED', { actual: because.join('\n') });
}
