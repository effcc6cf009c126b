/**
 * Hides how permissions are computed from policy and facts. Called by Managers. Pure: no I/O, no clock of its own.
 * Nothing is granted that is not granted explicitly. There are no priorities: the order in which anything is listed does not matter.
 */
import type { ExternalFacts, SubjectFacts, WantedFact } from '#accessors/facts/contract.js';
import type { AttributeValue, PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';

/** What the verified token says about the subject. */
export interface TokenClaims {
  /** Name of the trusted issuer; empty: there is no token, and nothing is mapped. */
  readonly issuer: string;
  readonly roles: readonly string[];
  /** `null`: the groups are unknown (overage, and no directory answered). */
  readonly groups: readonly string[] | null;
  readonly acr: string | null;
  readonly amr: readonly string[];
  /** Unix seconds. */
  readonly authTime: number | null;
}

/** What every question says. */
export interface PermissionQuestion {
  readonly policy: PolicyVersion;
  readonly application: Application;
  readonly facts: SubjectFacts;
  readonly external: ExternalFacts;
  readonly claims: TokenClaims;
  /**
   * Members of `context.*` that are known. `null`, as an empty one: nothing is known, so that grants that read them stay conditional and
   * denies apply. SECURITY: what a client says that has authenticated itself, never what was seen of its connection: the address of a
   * service is not the address of whom it asks about.
   */
  readonly context: Readonly<Record<string, AttributeValue>> | null;
  /** Permission names and patterns that the client may ask for at all. */
  readonly boundary: readonly string[];
  /** What the actor may exercise for others; `null` in the *own* case. */
  readonly ceiling: readonly string[] | null;
  /** Further lists: what comes out is within every one of them too. Left out: none. */
  readonly ceilings?: readonly (readonly string[])[];
  /** Unix milliseconds. */
  readonly now: number;
}

export interface PermissionRequest extends PermissionQuestion {
  /** Requested scope values, as sent; `null`: everything that may be had. */
  readonly scope: readonly string[] | null;
  /** Organisational subtree that is asked about, `org.emea`; `null`: the whole tenant. What holds in a part of it only is conditional. */
  readonly unit: string | null;
  /** Unix milliseconds: no flip after this is of interest. */
  readonly until: number;
}

/** A permission that is held on some resources, or under circumstances that are not settled now. */
export interface ConditionalPermission {
  readonly permission: string;
  /** What is left to decide, as CEL over what is not known, parameters put in: `resource.amount < 10000`. */
  readonly residual: string;
  /** Paths that the residual reads, sorted. */
  readonly missing: readonly string[];
}

/** RFC 9396: permissions on particular resources. */
export interface AuthorizationDetail {
  /** `{prefix}_resource`. */
  readonly type: string;
  readonly actions: readonly string[];
  readonly datatypes: readonly string[];
  readonly locations: readonly string[];
  readonly identifier?: string;
  readonly path?: string;
  readonly unit?: string;
}

export type PermissionDecision =
  | {
      readonly effect: 'granted';
      /** Full names, sorted, each once. Empty only if the application allows it, or something conditional is left. */
      readonly permissions: readonly string[];
      /**
       * The granted scope, space separated: a requested value that is held whole stays as it was sent, one that is held in part
       * is replaced by the names that are held, one that is not held is left out. Without a requested scope: the names.
       */
      readonly scope: string;
      /** Sorted by permission. A permission that is granted is not among them. */
      readonly conditional: readonly ConditionalPermission[];
      /** What of `conditional` depends on nothing but which resource it is. */
      readonly details: readonly AuthorizationDetail[];
      /**
       * Unix milliseconds of the first moment at which, on unchanged data, any of the answers above would be another one; `null`:
       * not before `until`. Times alone count; a condition that reads something that has no edges is looked at again each minute.
       */
      readonly validUntil: number | null;
    }
  | {
      readonly effect: 'refused';
      readonly code:
        | 'SCOPE_UNKNOWN'
        | 'SCOPE_NOT_ALLOWED'
        | 'SCOPE_NOT_HELD'
        | 'PERMISSION_NONE'
        | 'GROUPS_OVERAGE_UNRESOLVED'
        | 'SUBJECT_DISABLED'
        | 'TENANT_SUSPENDED';
      /** For the caller: the scope value at fault, where there is one. */
      readonly actual?: string;
      /** For operators: which roles, boundary and ceiling led here. */
      readonly because: string;
    };

/** Why a decision is what it is. The first three allow or leave open; all others deny. */
export type DecisionCode =
  | 'granted'
  | 'conditional'
  | 'no_grant'
  | 'condition_false'
  | 'condition_error'
  | 'condition_unknown'
  | 'expired'
  | 'not_yet_valid'
  | 'eligible_not_active'
  | 'gate.tier'
  | 'gate.flag'
  | 'boundary'
  | 'deny_rule'
  | 'step_up_required'
  | 'subject_disabled'
  | 'tenant_suspended'
  | 'groups_unknown'
  | 'permission_unknown';

/** The resource that is asked about. Other members are read as `resource.*`. */
export interface CheckedResource {
  readonly type: string;
  readonly id: string | null;
  readonly unit: string | null;
  readonly path: string | null;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface CheckQuestion extends PermissionQuestion {
  readonly permission: string;
  /** `null`: the permission as such, on no particular resource. */
  readonly resource: CheckedResource | null;
  /** As in `PermissionRequest`; a resource with a unit of its own is judged by that. */
  readonly unit: string | null;
}

export interface CheckDecision {
  /** `conditional` denies too: something is missing. */
  readonly allowed: boolean;
  readonly code: DecisionCode;
  /** With `conditional` and `condition_unknown`: what is left to decide. Otherwise `null`. */
  readonly residual: string | null;
  /** Paths that would have to be known, sorted. */
  readonly missing: readonly string[];
  /** With `step_up_required`: any of these `acr` values, and an authentication no older than this. */
  readonly stepUp: { readonly acr: readonly string[]; readonly maxAuthAgeSeconds: number | null } | null;
}

export interface TracedExpression {
  readonly expression: string;
  readonly value: AttributeValue | { readonly unknown: readonly string[] } | { readonly error: string };
}

/** One way in which the subject could have the permission. */
export interface GrantPath {
  /** Id of the assignment, binding or grant; `mapping:CLAIM=VALUE` of a mapped role. */
  readonly binding: string;
  /** From the subject to the permission: `group:fin`, `role:approver`, `role:clerk`. */
  readonly via: readonly string[];
  readonly pattern: string;
  readonly status: 'granted' | 'granted_then_blocked' | 'conditional' | 'failed';
  /** Why it failed, or what it waits for. */
  readonly code: DecisionCode;
  readonly condition: {
    readonly key: string | null;
    readonly expression: string;
    readonly result: 'true' | 'false' | 'unknown' | 'error';
    readonly cost: number;
    readonly trace: readonly TracedExpression[];
  } | null;
}

export interface Blocker {
  readonly kind: 'gate' | 'deny' | 'boundary' | 'ceiling' | 'tenant' | 'step_up';
  /** Id of the rule; empty where there is none. */
  readonly id: string;
  readonly need: string;
  readonly have: string;
}

export interface NearMiss {
  readonly kind: 'eligible' | 'expired' | 'not_yet_valid' | 'condition' | 'other_unit' | 'other_role';
  /** Id of the assignment, binding or grant, or key of a role that would grant it. */
  readonly name: string;
  /** What would have to be otherwise, in words. */
  readonly because: string;
  /** Unix milliseconds: since or from when. */
  readonly at: number | null;
}

/** The whole story of one decision, for operators. */
export interface Explanation {
  readonly permission: string;
  readonly decision: CheckDecision;
  readonly policyVersion: string;
  readonly epoch: number;
  readonly paths: readonly GrantPath[];
  readonly blockedBy: readonly Blocker[];
  readonly nearMisses: readonly NearMiss[];
  /** As in `PermissionDecision`, for this permission alone. */
  readonly validUntil: number | null;
}

export interface PolicyFault {
  /** Where in the document, as a path: `roles.clerk.grants[0]`. */
  readonly path: string;
  readonly message: string;
}

/**
 * Whose stored data could give them one permission: everybody to whom `decide` answers *allowed* without a token is among them. Who is
 * among them need not have it.
 */
export interface PossibleHolders {
  /** Every registered subject could. */
  readonly everybody: boolean;
  /** Keys of roles that lead to it, over whatever bindings; also of roles that no policy defines. */
  readonly roles: readonly string[];
  /** Keys of subjects and of groups that policy itself names. */
  readonly subjects: readonly string[];
  readonly groups: readonly string[];
  /** Every text of a stored grant that could cover it: the name, and all patterns. */
  readonly patterns: readonly string[];
}

export interface PermissionEngine {
  /**
   * The exact permissions of the subject at the application: what bindings grant, minus denies and closed gates, ∩ tenant boundary
   * ∩ client boundary ∩ ceiling ∩ scope. Cost grows with the subject's own bindings only; what can be prepared from policy,
   * application and facts is prepared once for each of these objects and kept as long as they are.
   */
  effectivePermissions(request: PermissionRequest): PermissionDecision;

  /** One permission, on one resource if there is one. The same rules and data give the same answer as `effectivePermissions`. */
  decide(question: CheckQuestion): CheckDecision;

  /** As `decide`, with everything that led to it and what nearly did. Slow; for people. */
  explain(question: CheckQuestion): Explanation;

  /** By the rules of the policy alone, for a search that then decides on each of them. `null`: the application has no such permission. */
  possibleHolders(policy: PolicyVersion, application: Application, permission: string): PossibleHolders | null;

  /** Keys of the groups that claims are mapped to, sorted: whose assignments the facts must hold. Mostly the same empty list. */
  mappedGroups(policy: PolicyVersion, claims: TokenClaims): readonly string[];

  /** What the policy reads from fact sources, which have to be asked then. Mostly the same empty list. */
  wantedFacts(policy: PolicyVersion): readonly WantedFact[];

  /**
   * Every fault of a list of permission names and patterns outside a policy, such as the boundary of a client: malformed ones,
   * and those that match no permission of `catalogue`; with `null` their form alone is checked. Paths are `[0]`, `[1]` and so on.
   */
  validatePatterns(patterns: readonly string[], catalogue: readonly string[] | null): readonly PolicyFault[];
}

export const PERMISSION_ENGINE: unique symbol = Symbol('PermissionEngine');
