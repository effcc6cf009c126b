/**
 * Hides where group memberships come from that are not in the token. Called by Managers, only on group overage.
 * Never calls an address that a token names.
 */
import type { CallContext } from '#utilities/call-context/contract.js';

export interface DirectorySubject {
  readonly issuer: string;
  readonly instance: string;
  readonly externalId: string;
}

export type GroupMembership =
  | { readonly status: 'resolved'; readonly groups: readonly string[] }
  | { readonly status: 'unresolved'; readonly reason: string };

export interface DirectoryAccess {
  /** The groups of the subject; `unresolved` when they cannot be had, which callers treat as a refusal. */
  groupsOf(context: CallContext, subject: DirectorySubject): Promise<GroupMembership>;
}

export const DIRECTORY_ACCESS: unique symbol = Symbol('DirectoryAccess');
