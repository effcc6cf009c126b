/**
 * Hides where group memberships come from that are not in the token. Called by Managers, only on group overage.
 * Never calls an address that a token names.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

/** Whose memberships are asked for, from verified claims alone. */
export interface DirectorySubject {
  readonly kind: 'user' | 'workload';
  /** Name of the trusted issuer. */
  readonly issuer: string;
  readonly instance: string;
  readonly externalId: string;
  /**
   * The verified token itself, for directories that are asked on behalf of its subject.
   * SECURITY: sent to the issuer's own token endpoint and nowhere else; never logged, never part of an error.
   */
  readonly token: string;
}

export type GroupMembership =
  /** Exactly those of the groups asked for that the subject is in, spelled as they were asked for. */
  | { readonly status: 'resolved'; readonly groups: readonly string[] }
  | {
      readonly status: 'unresolved';
      /** For operators. */
      readonly reason: string;
      /** There when the fault is transient. */
      readonly retryAfterSeconds?: number;
      /** There when the subject has to prove more: Base64 of the claims request to acquire its next token with. */
      readonly claims?: string;
    };

export interface DirectoryAccess {
  /**
   * Which of `mappedGroups` the subject is in, nested memberships included; no other group is asked for. All or nothing: with
   * one answer missing the whole is `unresolved`, which callers treat as a refusal. A membership may be 5 min old.
   *
   * @throws CodedError `INTERNAL` when the directory refuses this service's own credential or permission
   */
  groupsOf(context: CallContext, subject: DirectorySubject, mappedGroups: readonly string[]): Promise<GroupMembership>;
}

export const DIRECTORY_ACCESS: unique symbol = Symbol('DirectoryAccess');
