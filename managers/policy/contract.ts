/**
 * Hides the life of a policy: read, checked, tested, planned, tried out, applied, undone. Called by operators' Clients alone.
 */
import type { AttributeValue, PolicyActivation, PolicyVersionRecord } from '#accessors/policy/contract.js';
import type { Explanation, PolicyFault } from '#engines/permission/contract.js';
import type { PolicyTestReport } from '#engines/permission/policy-language.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

export interface PolicyName {
  /** Slug of the tenant. */
  readonly tenant: string;
  readonly set: string;
}

export interface PolicyLint {
  /** `null`: the file could not be read so far. */
  readonly name: PolicyName | null;
  readonly faults: readonly PolicyFault[];
  readonly warnings: readonly PolicyFault[];
}

/** What would change for one permission of one subject. What somebody holds on some resources or circumstances alone counts as held. */
export interface PermissionChange {
  /** The administrator's key for the subject. */
  readonly subject: string;
  readonly audience: string;
  readonly permission: string;
  readonly risk: 'low' | 'medium' | 'high';
  readonly change: 'gained' | 'lost' | 'became_conditional' | 'became_unconditional' | 'residual_changed' | 'horizon_moved';
  /** `granted`, or what is left to decide; with `horizon_moved` the moment (RFC 3339); `null`: not held, no such moment. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface GuardRails {
  /** Refuse when more subjects would lose a permission or hold one conditionally only. */
  readonly maxSubjectsLosing?: number;
  /** Refuse when anybody would gain a permission of these risks or patterns: `risk:high`, `billing:**:delete`. */
  readonly forbidGain?: readonly string[];
}

export interface PlanReport {
  readonly planId: string;
  readonly name: PolicyName;
  /** `sub` of the operator, or `cli`. */
  readonly author: string;
  /** Unix milliseconds of the database. */
  readonly at: number;
  /** `null`: nobody yet. */
  readonly approvedBy: string | null;
  /** `null`: nothing is in force. */
  readonly base: { readonly sequence: number; readonly sha256: string } | null;
  readonly candidate: { readonly sequence: number; readonly sha256: string };
  /** Of the newest data that was read. What changed meanwhile is in it or not, subject by subject; `apply` looks again. */
  readonly epoch: number;
  readonly subjects: number;
  readonly changedSubjects: number;
  readonly losingSubjects: number;
  readonly gainingSubjects: number;
  /** Changes of each kind, by risk. */
  readonly byRisk: Readonly<Record<string, Readonly<Record<PermissionChange['change'], number>>>>;
  /** By role or rule that differs, how many subjects are touched. */
  readonly byRule: readonly { readonly rule: string; readonly subjects: number }[];
  /** The first 1,000, subject by subject; all of them are counted. */
  readonly changes: readonly PermissionChange[];
  /**
   * What whoever has one role, group or mapped claim and nothing else would gain or lose: `role:clerk`, `group:fin`,
   * `mapping:contoso groups=fin`, `all`. So a change shows that touches nobody who is stored. The first 1,000.
   */
  readonly holders: readonly PermissionChange[];
  /** Recorded decisions that would be other ones now. */
  readonly replay: {
    readonly decisions: number;
    readonly notReplayable: number;
    readonly changed: readonly {
      readonly permission: string;
      readonly subject: string;
      readonly before: string;
      readonly after: string;
      readonly calls: number;
    }[];
  };
  readonly tests: PolicyTestReport | null;
  /** What the guard rails and rules refuse; empty: it may be applied. */
  readonly refusals: readonly string[];
  /** Federation and other changes that deserve eyes although they may be applied. */
  readonly highRisk: readonly string[];
}

export interface Progress {
  readonly done: number;
  /** `null`: not known yet. */
  readonly total: number | null;
}

export interface PlanOptions {
  readonly guardRails: GuardRails;
  /** Parsed test files. */
  readonly tests: readonly unknown[];
  /** Days whose recorded decisions are asked again, up to now; `null`: none are. */
  readonly replayDays: number | null;
  readonly progress?: (progress: Progress) => void;
}

export interface PolicyDifference {
  /** `roles.clerk.grants`. */
  readonly path: string;
  readonly before: AttributeValue | undefined;
  readonly after: AttributeValue | undefined;
}

export interface PolicyManager {
  /** Reads and checks a policy file; any value. Changes nothing. */
  lint(context: CallContext, document: unknown): Promise<PolicyLint>;

  /**
   * Runs test files against a policy file; tests over all subjects are run on the stored ones.
   *
   * @throws CodedError `POLICY_INVALID` with every fault of the policy and of the tests, `TENANT_UNRESOLVED`
   */
  test(context: CallContext, document: unknown, tests: readonly unknown[]): Promise<PolicyTestReport>;

  /**
   * Keeps the file as a version, which counts for nothing, and works out exactly what applying it would change for every subject.
   *
   * @throws CodedError `POLICY_INVALID` with every fault of the policy and of the tests, `TENANT_UNRESOLVED`
   */
  plan(context: CallContext, document: unknown, options: PlanOptions): Promise<PlanReport>;

  /** A plan as it was made. @throws CodedError `PLAN_UNKNOWN` */
  readPlan(context: CallContext, planId: string): Promise<PlanReport>;

  /** Agrees to a plan, where four eyes are required. @throws CodedError `PLAN_UNKNOWN`, `PLAN_REFUSED` by its own author */
  approve(context: CallContext, planId: string): Promise<void>;

  /**
   * Puts a planned version into force, everywhere within 2 s.
   *
   * @throws CodedError `PLAN_UNKNOWN`, `POLICY_CHANGED` when the base has moved or the data since then changes the outcome,
   *   `PLAN_REFUSED` by a guard rail, a failing test, a grant that the operator does not hold, or the lack of a second pair of eyes
   */
  apply(context: CallContext, planId: string, reason: string): Promise<PolicyActivation>;

  /**
   * Puts a version into force again that was in force before; `null`: the one before. It needs no plan and no second pair of eyes:
   * it was agreed to once.
   *
   * @throws CodedError `POLICY_UNKNOWN`, `PLAN_REFUSED` when it is no longer fit, was never in force, or gives back what the
   *   operator does not hold
   */
  rollback(
    context: CallContext,
    order: PolicyName & { readonly to: number | null; readonly reason: string },
  ): Promise<PolicyActivation>;

  /** Tries a planned version out beside the one in force for a part of the traffic, 0 to 1; 0 ends it. Never changes an answer. */
  shadow(context: CallContext, planId: string, share: number): Promise<PolicyActivation>;
}

/** Looking at policies and at what they mean. */
export interface PolicyQuestions {
  /** Every version of the set and every activation, newest first. @throws CodedError `TENANT_UNRESOLVED` */
  history(
    context: CallContext,
    name: PolicyName,
  ): Promise<{ readonly versions: readonly PolicyVersionRecord[]; readonly activations: readonly PolicyActivation[] }>;

  /** @param from version; `null`: the one in force @throws CodedError `POLICY_UNKNOWN` */
  diff(
    context: CallContext,
    name: PolicyName,
    range: { readonly from: number | null; readonly to: number },
  ): Promise<readonly PolicyDifference[]>;

  /** The file of a version as a value; `null`: the one in force. @throws CodedError `POLICY_UNKNOWN` */
  read(context: CallContext, name: PolicyName, version: number | null): Promise<Readonly<Record<string, AttributeValue>>>;

  /**
   * Whether a stored subject may, and why or why not.
   *
   * @throws CodedError `SUBJECT_UNKNOWN`, `TARGET_UNKNOWN`, `TENANT_UNRESOLVED`
   */
  canI(context: CallContext, question: SubjectQuestion): Promise<Explanation>;

  /**
   * Every stored subject that may, in pages; complete. A subject that may under circumstances is listed as conditional.
   *
   * @throws CodedError `TARGET_UNKNOWN`, `TENANT_UNRESOLVED`
   */
  whoCan(
    context: CallContext,
    question: Omit<SubjectQuestion, 'subject'> & { readonly after: string | null; readonly limit: number },
  ): Promise<{
    readonly subjects: readonly {
      readonly subject: string;
      readonly answer: 'granted' | 'conditional';
      readonly residual: string | null;
    }[];
    readonly next: string | null;
  }>;
}

export interface SubjectQuestion {
  readonly tenant: string;
  /** The administrator's key for the subject. */
  readonly subject: string;
  readonly audience: string;
  readonly permission: string;
  readonly resource: {
    readonly type: string;
    readonly id: string | null;
    readonly unit: string | null;
    readonly path: string | null;
    readonly attributes: Readonly<Record<string, AttributeValue>>;
  } | null;
  readonly unit: string | null;
  readonly context: Readonly<Record<string, AttributeValue>>;
  /** Unix milliseconds; `null`: now. */
  readonly at: number | null;
  /** `null`: the version in force. */
  readonly version: number | null;
}

export const POLICY_MANAGER: unique symbol = Symbol('PolicyManager');
export const POLICY_QUESTIONS: unique symbol = Symbol('PolicyQuestions');
