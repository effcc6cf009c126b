/**
 * Hides where live facts about subjects are kept: tenants, subjects, groups, assignments.
 * Called by Managers. An exchange creates nothing here.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** Who somebody is upstream: stable across token versions, never an e-mail address or another name that can be recycled. */
export interface UpstreamIdentity {
  /** The provider instance: `entra:{cloud}:{tid}` or `oidc:{issuer}`. */
  readonly instance: string;
  /** Id within that instance: `oid` for Entra, `sub` otherwise. */
  readonly externalId: string;
}

export interface SubjectFacts {
  readonly tenantId: string;
  readonly tenantStatus: 'active' | 'suspended';
  /** Number of the data state that these facts were read from; grows with every change in the tenant. */
  readonly epoch: number;
  /** `null`: nobody is registered under this identity, which is not an error. */
  readonly subject: RegisteredSubject | null;
  /** Keys of the roles assigned to the subject directly or through groups; sorted, each once. */
  readonly roles: readonly string[];
}

export interface RegisteredSubject {
  readonly id: string;
  readonly status: 'active' | 'disabled';
  /** The first identity that the subject was registered with: what its `sub` is derived from. */
  readonly primaryIdentity: UpstreamIdentity;
}

export interface TenantRecord {
  readonly slug: string;
  /** `null`: as it is stored; active where it is new. */
  readonly status: 'active' | 'suspended' | null;
}

export interface SubjectRecord {
  readonly tenant: string;
  /** The administrator's stable name for the subject within the tenant. */
  readonly key: string;
  readonly kind: 'user' | 'workload';
  /** `null`: as it is stored; active where it is new. */
  readonly status: 'active' | 'disabled' | null;
  /** At least one; the first is the primary identity. */
  readonly identities: readonly UpstreamIdentity[];
  /** Keys of the groups it is a member of: the whole set. */
  readonly groups: readonly string[];
}

export interface AssignmentRecord {
  readonly tenant: string;
  readonly principal: { readonly type: 'subject' | 'group'; readonly key: string };
  readonly role: string;
  /** `null`: as it is stored; active where it is new. */
  readonly state: 'active' | 'revoked' | null;
}

export type RecordOutcome = 'created' | 'updated' | 'unchanged';

export interface FactAccess {
  /**
   * The facts of whoever has this identity in the tenant. Read in one round trip, epoch and data from one snapshot; kept until
   * the tenant's epoch moves, so that a repeated call reads nothing and a change is seen within 2 s.
   *
   * @throws CodedError `STORE_UNAVAILABLE`, also when the epoch could not be confirmed for 5 minutes
   */
  factsOf(context: CallContext, tenantId: string, identity: UpstreamIdentity): Promise<SubjectFacts>;

  /** Registers a tenant or brings it to this state; answers its id too. Idempotent. */
  registerTenant(context: CallContext, tenant: TenantRecord): Promise<{ readonly id: string; readonly outcome: RecordOutcome }>;

  /** Registers a group of a tenant. Idempotent. @throws CodedError `IMPORT_INVALID` when the tenant is not there */
  registerGroup(context: CallContext, group: { readonly tenant: string; readonly key: string }): Promise<RecordOutcome>;

  /**
   * Registers subjects or brings them to these states. Idempotent; made for many at once.
   *
   * @throws CodedError `IMPORT_INVALID` when a tenant or group is not there, or an identity belongs to another subject
   */
  registerSubjects(context: CallContext, subjects: readonly SubjectRecord[]): Promise<readonly RecordOutcome[]>;

  /** Assigns roles or revokes them. Idempotent; made for many at once. @throws CodedError `IMPORT_INVALID` */
  assignRoles(context: CallContext, assignments: readonly AssignmentRecord[]): Promise<readonly RecordOutcome[]>;

  /** Tells every process that committed changes are there to be read. Call it after the unit of work has ended. */
  announceChanges(context: CallContext): Promise<void>;
}

export const FACT_ACCESS: unique symbol = Symbol('FactAccess');
