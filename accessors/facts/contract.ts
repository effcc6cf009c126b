/**
 * Hides where live facts about subjects are kept: tenants, subjects, groups, assignments.
 * Called by Managers. An exchange creates nothing here.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';

/** Who somebody is upstream: stable across token versions, never an e-mail address or another name that can be recycled. */
export interface UpstreamIdentity {
  /** The provider instance: `entra:{cloud}:{tid}` or `oidc:{issuer}`. */
  readonly instance: string;
  /** Id within that instance: `oid` for Entra, `sub` otherwise. */
  readonly externalId: string;
}

/** Which resources of one type are meant; `null` members do not narrow. */
export interface GrantedResource {
  readonly type: string;
  readonly ids: readonly string[] | null;
  /** `/emea/**`: everything below; without the stars exactly that path. */
  readonly path: string | null;
}

/** Names a condition of the policy; one that the policy does not have grants nothing. */
export interface NamedCondition {
  readonly key: string;
  readonly params: Readonly<Record<string, FactValue>>;
}

export type FactValue = string | number | boolean | null | readonly FactValue[] | { readonly [member: string]: FactValue };

export interface GroupMembership {
  readonly key: string;
  /** Of the membership; with groups in groups, when all of them hold. */
  readonly valid: TimeWindow;
}

/** Whoever is in `group` is in `ancestor` too. */
export interface GroupNesting {
  readonly group: string;
  readonly ancestor: string;
}

export interface RoleAssignment {
  readonly id: string;
  /** Key of the group that has it; `null`: the subject itself. */
  readonly group: string | null;
  readonly role: string;
  /** Organisational subtree, `org.emea`; `null`: everywhere. */
  readonly unit: string | null;
  readonly condition: NamedCondition | null;
  readonly valid: TimeWindow;
  /** An eligible one grants nothing until it is activated. */
  readonly state: 'active' | 'eligible';
}

/** Permissions on particular resources. Exactly one of `role` and `permissions` says which. */
export interface ResourceGrant {
  readonly id: string;
  readonly group: string | null;
  readonly role: string | null;
  readonly permissions: readonly string[];
  readonly resource: GrantedResource;
  readonly unit: string | null;
  readonly condition: NamedCondition | null;
  readonly valid: TimeWindow;
}

export interface Subscription {
  readonly tier: string;
  readonly valid: TimeWindow;
  /** Unix milliseconds until which it counts although it has ended; `null`: no grace. */
  readonly graceUntil: number | null;
}

/** A flag as it stands for this subject. */
export interface FlagState {
  readonly key: string;
  readonly enabled: boolean;
  readonly valid: TimeWindow;
}

/**
 * What is stored about a subject and its tenant. What has ended or not yet begun is listed too: the engine judges times.
 * Frozen in effect: the same object is answered until the tenant's epoch moves, so it may key a memo.
 */
export interface SubjectFacts {
  readonly tenantId: string;
  readonly tenantStatus: 'active' | 'suspended';
  /** Patterns that no permission in the tenant may lie outside of; `null`: no such limit. */
  readonly tenantBoundary: readonly string[] | null;
  readonly tenantAttributes: Readonly<Record<string, FactValue>>;
  /** Number of the data state that these facts were read from; grows with every change in the tenant. */
  readonly epoch: number;
  /** `null`: nobody is registered under this identity, which is not an error. */
  readonly subject: RegisteredSubject | null;
  /**
   * Stored memberships, and those that follow from them, as groups are in groups; a group that is reached by several ways is there
   * once for each window. Those that claims are mapped to are not among them.
   */
  readonly groups: readonly GroupMembership[];
  /**
   * For groups that were asked for: all groups that these are in. A subject whose claims are mapped to `group` is in `ancestor` under
   * the same circumstances, for grants and for denies.
   */
  readonly nesting: readonly GroupNesting[];
  /** Of the subject, of its groups, of the groups that were asked for and those that they are in. Revoked ones are left out. */
  readonly assignments: readonly RoleAssignment[];
  readonly grants: readonly ResourceGrant[];
  readonly subscriptions: readonly Subscription[];
  readonly flags: readonly FlagState[];
}

export interface RegisteredSubject {
  readonly id: string;
  /** The administrator's name for it. */
  readonly key: string;
  readonly kind: 'user' | 'workload' | 'agent';
  readonly status: 'active' | 'disabled';
  readonly attributes: Readonly<Record<string, FactValue>>;
  /** The first identity that the subject was registered with: what its `sub` is derived from. */
  readonly primaryIdentity: UpstreamIdentity;
}

/** Whose facts: by upstream identity, or by the administrator's key. */
export interface FactQuestion {
  readonly tenantId: string;
  readonly subject:
    { readonly by: 'identity'; readonly identity: UpstreamIdentity } | { readonly by: 'key'; readonly key: string };
  /** Keys of groups that the subject's claims are mapped to, sorted: their assignments and grants are wanted too. */
  readonly groups: readonly string[];
}

/** An attribute or flag that a fact source is to tell. */
export interface WantedFact {
  /** Name of the fact source. */
  readonly source: string;
  /** `subject.department`, `flag.new_ui`. */
  readonly path: string;
}

/** What fact sources told. What is in neither was not asked for. */
export interface ExternalFacts {
  /** By path. */
  readonly values: ReadonlyMap<string, FactValue>;
  /** Paths whose source did not answer in time or answered nonsense: unknown, so nothing is granted by them, and denies apply. */
  readonly unavailable: ReadonlySet<string>;
  /** Unix milliseconds until which the values may be relied on. */
  readonly validUntil: number | null;
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
   * The facts of one subject in its tenant. Read in one round trip, epoch and data from one snapshot; kept until the tenant's
   * epoch moves, so that a repeated call reads nothing and a change is seen within 2 s.
   *
   * @throws CodedError `STORE_UNAVAILABLE`, also when the epoch could not be confirmed for 5 minutes
   */
  factsOf(context: CallContext, question: FactQuestion): Promise<SubjectFacts>;

  /**
   * What fact sources say of the subject. Never rejects: a source that fails makes its paths unavailable. Nothing wanted is
   * answered at once.
   */
  externalFacts(context: CallContext, question: FactQuestion, wanted: readonly WantedFact[]): Promise<ExternalFacts>;

  /**
   * The facts of many subjects of a tenant, in the order of their ids, from one snapshot each page.
   *
   * @param page how many at most, and the id after which to begin; `null`: at the first
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  factsOfMany(
    context: CallContext,
    tenantId: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly SubjectFacts[]>;

  /** The id of the tenant with this slug; kept like facts. @throws CodedError `STORE_UNAVAILABLE` */
  tenantNamed(context: CallContext, slug: string): Promise<string | undefined>;

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
