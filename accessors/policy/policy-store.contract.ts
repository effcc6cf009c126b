/**
 * A plug-in that keeps policy versions, their activations and plans. Built in: PostgreSQL. Exactly one serves a process. Everything
 * but the approval of a plan is only ever added. Kit: test/conformance.
 */
import type { PolicyActivation, PolicyActivationOrder, PolicyVersionRecord, StoredPlan } from './contract.js';

/** A version as it is kept: `document` is the canonical JSON that its digest is over, parsed. */
export interface StoredVersion {
  /** Of this version in this store, for ever: two that have the same id are the same version. */
  readonly id: string;
  readonly record: PolicyVersionRecord;
  readonly document: unknown;
}

/** What counts for a tenant, from one snapshot. */
export interface PolicyInForce {
  /**
   * The tenant's epoch that this was read at; the answer is kept until that epoch moves. 0 where the store knows none: nothing is
   * kept then, and it is read for every request.
   */
  readonly epoch: number;
  /** `null`: nothing was ever enforced. */
  readonly enforced: CountingVersion | null;
  /** Tried out beside it; `null`: nothing is. */
  readonly shadow: (CountingVersion & { readonly share: number }) | null;
}

export interface CountingVersion {
  readonly id: string;
  /** Number of the activation by which it counts. */
  readonly activation: number;
  readonly set: string;
  readonly sequence: number;
  /** `undefined` where the caller has the version already. */
  readonly document: unknown;
}

export interface NewVersion {
  readonly tenantId: string;
  readonly set: string;
  /** Canonical JSON. */
  readonly json: string;
  /** SHA-256 of the JSON. */
  readonly sha256: Buffer;
  readonly author: string;
  readonly message: string;
}

export interface PolicyStore {
  /**
   * What counts for the tenant now: of the activations that enforce the newest, and the newest of all if that is a shadow.
   *
   * @param have ids of versions whose documents the caller has
   */
  inForce(tenantId: string, have: readonly string[]): Promise<PolicyInForce>;

  /**
   * Keeps a version under the next number of its set, or answers the newest one of the set with the same digest. Two at a time
   * follow one another.
   *
   * @throws CodedError `POLICY_UNKNOWN` when the tenant is not there
   */
  ensureVersion(version: NewVersion): Promise<StoredVersion>;

  /** `undefined`: there is no such version. */
  version(tenantId: string, set: string, sequence: number): Promise<StoredVersion | undefined>;

  /** Newest first. */
  versions(tenantId: string, set: string): Promise<readonly PolicyVersionRecord[]>;

  /** Of all sets, newest first. */
  activations(tenantId: string): Promise<readonly PolicyActivation[]>;

  /**
   * Adds an activation under the tenant's next number; whole or not at all, and of two that expect the same one goes through.
   * A store in the database of the service does it in the caller's unit of work.
   *
   * @throws CodedError `POLICY_CHANGED` when the newest enforcing activation is not `expected`, `POLICY_UNKNOWN`
   */
  activate(order: PolicyActivationOrder): Promise<PolicyActivation>;

  /** Keeps a plan, and answers it with its id. */
  savePlan(plan: Omit<StoredPlan, 'id' | 'createdAt' | 'approvedBy'>): Promise<StoredPlan>;

  /** `undefined`: there is no such plan. */
  plan(id: string): Promise<StoredPlan | undefined>;

  /** Notes the first who agrees. Answers `undefined` where there is no such plan or somebody agreed before. */
  approvePlan(id: string, by: string): Promise<StoredPlan | undefined>;
}

export const POLICY_STORE: unique symbol = Symbol('PolicyStore');
