/**
 * Hides where policy is kept and how its versions follow one another. Called by Managers.
 * A version is immutable; going back is a new activation, never a rewrite.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** One active version. The same object is answered until another version is active, so it may key a memo. */
export interface PolicyVersion {
  readonly tenantId: string;
  /** Name of the policy set. */
  readonly set: string;
  /** Grows by one with each version of the set. `set@sequence` is the `pv` claim. */
  readonly sequence: number;
  readonly roles: readonly RoleDefinition[];
  readonly mappings: readonly ClaimMapping[];
}

export interface RoleDefinition {
  readonly key: string;
  /** Keys of the roles whose grants it has too; no cycles, depth at most 8. */
  readonly inherits: readonly string[];
  /** Permission names and patterns: `*` is one segment, `**` one or more, only as the first or last segment. */
  readonly grants: readonly string[];
  /** Taken away from this role's own grants, not from inherited ones. It is not a deny. */
  readonly exclude: readonly string[];
}

/** Whoever has this value in this claim of a token of this issuer has this role. */
export interface ClaimMapping {
  readonly issuer: string;
  readonly claim: 'roles' | 'groups';
  readonly value: string;
  readonly role: string;
}

export interface PolicyDocument {
  /** Slug of the tenant. */
  readonly tenant: string;
  readonly set: string;
  readonly roles: readonly RoleDefinition[];
  readonly mappings: readonly ClaimMapping[];
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
   * Records the document as a new version and activates it, unless it says the same as the active one.
   *
   * @throws CodedError `IMPORT_INVALID` when the tenant is not there
   */
  activate(context: CallContext, document: PolicyDocument): Promise<'created' | 'updated' | 'unchanged'>;
}

export const POLICY_ACCESS: unique symbol = Symbol('PolicyAccess');
