/**
 * Hides where policy is kept and how its versions follow one another. Called by Managers.
 * A version is immutable; going back is a new activation, never a rewrite.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';

/** What JSON can say; which CEL type it has is declared beside it. */
export type AttributeValue =
  string | number | boolean | null | readonly AttributeValue[] | { readonly [member: string]: AttributeValue };

/** `bool`, `int`, `double`, `string`, `timestamp`, `duration`, `list<…>` or `map<string, …>` of these. */
export type AttributeType = string;

/**
 * Something that conditions may read. `subject.*`, `tenant.*` and `session.*` are settled in an exchange; `resource.*` never is. `flag.*`
 * is read by gates alone, and says which fact source tells the flag.
 */
export interface AttributeDeclaration {
  readonly root: 'subject' | 'tenant' | 'session' | 'context' | 'resource' | 'flag';
  /** With `resource`: which type of resource has it. Otherwise `null`. */
  readonly resourceType: string | null;
  readonly name: string;
  readonly type: AttributeType;
  /** `idp`: the verified token; `sts`: this service; `db`: stored facts; `pep`: whoever asks; any other: the fact source of that name. */
  readonly source: string;
}

/** A condition in use, with its text as it stood in the file. */
export interface ConditionUse {
  /** Its name in `conditions`; `null`: written in place. */
  readonly key: string | null;
  /** CEL. */
  readonly expression: string;
  /** Read as `params.*`. */
  readonly params: Readonly<Record<string, AttributeValue>>;
}

/** Which resources of one type are meant; `null` members do not narrow. */
export interface ResourceSelector {
  readonly type: string;
  readonly ids: readonly string[] | null;
  /** `/emea/**`: everything below; without the stars exactly that path. */
  readonly path: string | null;
}

export interface RoleDefinition {
  readonly key: string;
  /** Keys of the roles whose grants it has too; no cycles, depth at most 8. */
  readonly inherits: readonly string[];
  /** Permission names and patterns: `*` is one segment, `**` one or more, only as the first or last segment. */
  readonly grants: readonly string[];
  /** Taken away from this role's own grants, not from inherited ones. It is not a deny. */
  readonly exclude: readonly string[];
  /** Left out: assigned directly. `eligible`: an assignment has to be activated before it counts. */
  readonly assignment?: 'direct' | 'eligible';
}

/** Whoever has this value in this claim of a token of this issuer has this role, or is a member of this group. Exactly one of both. */
export interface ClaimMapping {
  readonly issuer: string;
  readonly claim: 'roles' | 'groups';
  readonly value: string;
  readonly role: string | null;
  /** Left out: none. */
  readonly group?: string | null;
  /** Organisational subtree that it holds in; left out or `null`: everywhere. */
  readonly unit?: string | null;
  readonly condition?: ConditionUse | null;
}

/** `subject:KEY`, `group:KEY`, `role:KEY`, or `all`: every subject of the tenant. */
export type PrincipalSelector = string;

/** What the policy itself grants. Exactly one of `role` and `permissions` says what. */
export interface PolicyBinding {
  readonly id: string;
  readonly principal: PrincipalSelector;
  readonly role: string | null;
  readonly permissions: readonly string[];
  /** Organisational subtree, `org.emea`; `null`: everywhere. */
  readonly unit: string | null;
  readonly condition: ConditionUse | null;
  readonly resource: ResourceSelector | null;
  readonly valid: TimeWindow;
}

/** These permissions need at least this tier and all of these flags. */
export interface Gate {
  readonly id: string;
  readonly permissions: readonly string[];
  readonly tier: string | null;
  readonly flags: readonly string[];
}

/** Takes permissions away, whatever grants them. It also applies when its condition fails or cannot be decided. */
export interface Deny {
  readonly id: string;
  readonly principals: readonly PrincipalSelector[];
  readonly permissions: readonly string[];
  readonly except: readonly PrincipalSelector[];
  readonly condition: ConditionUse | null;
  readonly valid: TimeWindow;
}

/** These permissions need an authentication of one of these classes, no older than this. */
export interface StepUp {
  readonly id: string;
  readonly permissions: readonly string[];
  /** Any one of these `acr` values; empty: any. */
  readonly acr: readonly string[];
  /** `null`: of any age. */
  readonly maxAuthAgeSeconds: number | null;
}

/** A tier of subscription. Listed from the lowest to the highest. */
export interface Tier {
  readonly key: string;
  /** Flags that everybody on this tier or a higher one has. */
  readonly flags: readonly string[];
}

/** What a request at a gateway needs. A request that no route fits is denied. */
export interface GatewayRoute {
  /**
   * A method and a path: `POST /v1/invoices/{id}/approve`. `{name}` is one segment, `**` as the last segment is one or more. Of several
   * that fit, the one counts that the others contain.
   */
  readonly match: string;
  /** Audience or prefix of the application that it is a route of. */
  readonly application: string;
  /** Full name. */
  readonly permission: string;
  /** The resource that is asked about; `id` is a text, or a placeholder of the path: `{id}`. `null`: none in particular. */
  readonly resource: { readonly type: string; readonly id: string } | null;
}

/** Everything that a version says. Order counts in `tiers` alone. */
export interface PolicyContent {
  readonly attributes: readonly AttributeDeclaration[];
  readonly conditions: readonly { readonly key: string; readonly expression: string }[];
  readonly roles: readonly RoleDefinition[];
  readonly mappings: readonly ClaimMapping[];
  readonly bindings: readonly PolicyBinding[];
  readonly tiers: readonly Tier[];
  readonly gates: readonly Gate[];
  readonly denies: readonly Deny[];
  readonly stepUps: readonly StepUp[];
  readonly routes: readonly GatewayRoute[];
}

export const EMPTY_POLICY: PolicyContent = Object.freeze({
  attributes: [],
  conditions: [],
  roles: [],
  mappings: [],
  bindings: [],
  tiers: [],
  gates: [],
  denies: [],
  stepUps: [],
  routes: [],
});

/** One version. The same object is answered until another version is active, so it may key a memo. */
export interface PolicyVersion extends PolicyContent {
  readonly tenantId: string;
  /** Name of the policy set. */
  readonly set: string;
  /** Grows by one with each version of the set. `set@sequence` is the `pv` claim. 0: there is none. */
  readonly sequence: number;
}

export interface PolicyDocument {
  /** Slug of the tenant. */
  readonly tenant: string;
  readonly set: string;
  readonly content: PolicyContent;
}

export interface PolicyAccess {
  /**
   * The active policy of the tenant; an empty policy with sequence 0 when none was ever activated. A changed activation is
   * seen within 2 s.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  activePolicy(context: CallContext, tenantId: string): Promise<PolicyVersion>;

  /**
   * The version that is tried out beside the active one, and for which part of the traffic (0 to 1); `null`: none. Kept like
   * the active one.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  shadowPolicy(
    context: CallContext,
    tenantId: string,
  ): Promise<{ readonly policy: PolicyVersion; readonly share: number } | null>;

  /**
   * Records the document as a new version and activates it, unless it says the same as the active one.
   *
   * @throws CodedError `IMPORT_INVALID` when the tenant is not there, or when the active version says things that a role and
   *   mapping list cannot, which would be lost
   */
  activate(context: CallContext, document: PolicyDocument): Promise<'created' | 'updated' | 'unchanged'>;
}

/** A version as it is listed. */
export interface PolicyVersionRecord {
  readonly set: string;
  readonly sequence: number;
  /** Of the canonical content, lower-case hex: two versions that say the same have the same. */
  readonly sha256: string;
  readonly author: string;
  readonly message: string;
  /** Unix milliseconds of the database. */
  readonly createdAt: number;
}

/**
 * An activation: which version counts since when. Of those that enforce the newest counts, whichever set it names. A shadow counts
 * until it is ended or something else is enforced.
 */
export interface PolicyActivation {
  /** Grows by one with each activation of the tenant. */
  readonly number: number;
  readonly set: string;
  readonly sequence: number;
  readonly mode: 'enforce' | 'shadow' | 'shadow-end';
  /** Part of the traffic, 0 to 1; `null` unless it is a shadow. */
  readonly share: number | null;
  readonly by: string;
  readonly reason: string;
  readonly planId: string | null;
  /** Unix milliseconds of the database. */
  readonly at: number;
}

/** What somebody saw before they changed something: the change is refused when it is not so any more. */
export interface PolicyActivationOrder {
  readonly tenantId: string;
  readonly set: string;
  readonly sequence: number;
  readonly mode: 'enforce' | 'shadow' | 'shadow-end';
  /** Part of the traffic, 0 to 1; with `shadow` alone. */
  readonly share?: number;
  /** Number of the newest enforcing activation that was seen; 0: there was none. */
  readonly expected: number;
  readonly by: string;
  readonly reason: string;
  readonly planId: string | null;
}

/** A plan as it is kept: what was compared, with the answer as JSON. */
export interface StoredPlan {
  readonly id: string;
  readonly tenantId: string;
  /** Name of the policy set of the candidate. */
  readonly set: string;
  /** Number of the enforcing activation that it starts from; 0: none. */
  readonly base: number;
  readonly candidate: number;
  readonly epoch: number;
  readonly createdBy: string;
  readonly createdAt: number;
  /** Who else agreed, for four-eyes. */
  readonly approvedBy: string | null;
  readonly report: AttributeValue;
}

/** The life of versions, for the PolicyManager alone. Where they are kept is a plug-in: see policy-store.contract.ts. */
export interface PolicyLife {
  /** Keeps the content as a version unless a version of the set says exactly the same; answers that one then. */
  addVersion(
    context: CallContext,
    version: {
      readonly tenantId: string;
      readonly set: string;
      readonly content: PolicyContent;
      readonly author: string;
      readonly message: string;
    },
  ): Promise<PolicyVersionRecord>;

  /** @throws CodedError `POLICY_UNKNOWN` */
  version(
    context: CallContext,
    tenantId: string,
    name: { readonly set: string; readonly sequence: number },
  ): Promise<{ readonly record: PolicyVersionRecord; readonly policy: PolicyVersion }>;

  /** Newest first. */
  versions(context: CallContext, tenantId: string, set: string): Promise<readonly PolicyVersionRecord[]>;

  /** Of all sets, newest first. */
  activations(context: CallContext, tenantId: string): Promise<readonly PolicyActivation[]>;

  /**
   * Makes a version count, everywhere within 2 s, in one transaction with the caller's own statements.
   *
   * @throws CodedError `POLICY_CHANGED` when the newest enforcing activation is not `expected`, `POLICY_UNKNOWN`
   */
  activateVersion(context: CallContext, order: PolicyActivationOrder): Promise<PolicyActivation>;

  /** Keeps a plan, and answers it with its id. It is never changed but for who agreed. */
  savePlan(context: CallContext, plan: Omit<StoredPlan, 'id' | 'createdAt' | 'approvedBy'>): Promise<StoredPlan>;

  /** @throws CodedError `PLAN_UNKNOWN` */
  plan(context: CallContext, id: string): Promise<StoredPlan>;

  /** Notes who agreed. @throws CodedError `PLAN_UNKNOWN`, `POLICY_CHANGED` when somebody agreed before */
  approvePlan(context: CallContext, id: string, by: string): Promise<StoredPlan>;
}

export const POLICY_LIFE: unique symbol = Symbol('PolicyLife');
export const POLICY_ACCESS: unique symbol = Symbol('PolicyAccess');
