/**
 * Hides how permissions are computed from policy and facts. Called by Managers. Pure: no I/O, no clock of its own.
 * Nothing is granted that is not granted explicitly.
 */
import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { ClaimMapping, PolicyVersion, RoleDefinition } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';

export interface PermissionRequest {
  readonly policy: PolicyVersion;
  readonly application: Application;
  readonly facts: SubjectFacts;
  /** What the verified token says about the subject. */
  readonly claims: TokenClaims;
  /** Permission names and patterns that the client may ask for at all. */
  readonly boundary: readonly string[];
  /** What the actor may exercise for others; `null` in the *own* case. */
  readonly ceiling: readonly string[] | null;
  /** Requested scope values, as sent; `null`: everything that may be had. */
  readonly scope: readonly string[] | null;
}

export interface TokenClaims {
  /** Name of the trusted issuer. */
  readonly issuer: string;
  readonly roles: readonly string[];
  /** `null`: the groups are unknown (overage, and no directory answered). */
  readonly groups: readonly string[] | null;
}

export type PermissionDecision =
  | {
      readonly effect: 'granted';
      /** Full names, sorted, each once. Empty only if the application allows it. */
      readonly permissions: readonly string[];
      /**
       * The granted scope, space separated: a requested value that is held whole stays as it was sent, one that is held in part
       * is replaced by the names that are held, one that is not held is left out. Without a requested scope: the names.
       */
      readonly scope: string;
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

export interface PolicyFault {
  /** Where in the document, as a path: `roles.clerk.grants[0]`. */
  readonly path: string;
  readonly message: string;
}

export interface PermissionEngine {
  /**
   * The exact permissions of the subject at the application: (assigned ∪ mapped roles) ∩ boundary ∩ ceiling ∩ scope.
   * Cost grows with the subject's own roles only; what can be prepared from policy and application is prepared once for each
   * pair of objects and kept as long as they are.
   */
  effectivePermissions(request: PermissionRequest): PermissionDecision;

  /**
   * Every fault of a policy document: malformed names and patterns, unknown parents, cycles, inheritance deeper than 8, mappings
   * to unknown roles, and patterns that match no permission of `catalogue`. Empty: it may be activated.
   */
  validatePolicy(
    document: { readonly roles: readonly RoleDefinition[]; readonly mappings: readonly ClaimMapping[] },
    catalogue: readonly string[],
  ): readonly PolicyFault[];

  /**
   * Every fault of a list of permission names and patterns outside a policy, such as the boundary of a client: malformed ones,
   * and those that match no permission of `catalogue`; with `null` their form alone is checked. Paths are `[0]`, `[1]` and so on.
   */
  validatePatterns(patterns: readonly string[], catalogue: readonly string[] | null): readonly PolicyFault[];
}

export const PERMISSION_ENGINE: unique symbol = Symbol('PermissionEngine');
