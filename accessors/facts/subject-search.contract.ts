/**
 * Hides how subjects are found by what is stored of them, without looking at all of them. Called by Managers.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { RegisteredSubject } from './contract.js';

/** Whoever has any of these, of its own or by a group, within its time or not, is a candidate. */
export interface HolderQuestion {
  readonly tenantId: string;
  /** Every registered subject is. */
  readonly everybody: boolean;
  /** Keys of roles: of active assignments, and of grants on the resource. */
  readonly roles: readonly string[];
  readonly subjects: readonly string[];
  readonly groups: readonly string[];
  /** Names and patterns as they may stand in grants on the resource. */
  readonly patterns: readonly string[];
  readonly resource: { readonly type: string; readonly id: string };
  /** Id of the last one before; `null`: from the first. */
  readonly after: string | null;
  readonly limit: number;
}

export type Candidate = Pick<RegisteredSubject, 'id' | 'key' | 'kind'>;

export interface SubjectSearch {
  /**
   * The next candidates by id, at most `limit`; fewer: there are no more. Each once. Read from the database as it is now, along
   * indexes: the cost follows `limit` and what is stored about the resource and those groups and roles, not how many subjects there are.
   *
   * @throws CodedError `STORE_UNAVAILABLE`
   */
  candidates(context: CallContext, question: HolderQuestion): Promise<readonly Candidate[]>;
}

export const SUBJECT_SEARCH: unique symbol = Symbol('SubjectSearch');
