/**
 * Hides how questions are answered that speak of a subject, an action and a resource (AuthZEN 1.0), and how whoever or whatever fits is
 * found. Called by Clients. Everything is decided as `AuthorizationManager.check` decides it.
 */
import type { RegisteredSubject } from '#accessors/facts/contract.js';
import type { CheckDecision, CheckedResource } from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuthzenSettings } from '#utilities/config/contract.js';
import type { CallingClient, CheckRequest } from './contract.js';

/** Circumstances as in a check. */
type AskedAbout = Pick<CheckRequest, 'audience' | 'tenant' | 'context' | 'atLeastAsFresh'>;

/**
 * `action`: a permission of an application, or what comes after application and type in the name of one. `resource.type`: with or
 * without the prefix of the application before it, which says which application is meant.
 */
export interface AccessQuestion extends AskedAbout {
  readonly subject: CheckRequest['subject'];
  readonly action: string;
  readonly resource: CheckedResource;
}

export type ActionQuery = Omit<AccessQuestion, 'action'>;
/** The id of the resource is not read. */
export type ResourceQuery = AccessQuestion;
export type SubjectQuery = Omit<AccessQuestion, 'subject'> & {
  /** `none`: of no kind that there is. */
  readonly kind: RegisteredSubject['kind'] | 'none';
  readonly tenant: string;
  readonly resource: CheckedResource & { readonly id: string };
};

/** Of several questions, one that could not even be read stays in its place. */
export type AccessItem = { readonly question: AccessQuestion } | { readonly fault: Error };

export type AccessOutcome =
  | {
      readonly decision: CheckDecision;
      readonly policyVersion: string;
      readonly consistencyToken: string;
      readonly decisionId: string;
    }
  /** It could not be asked; as good as a denial. A CodedError. */
  | { readonly fault: Error };

export interface PageRequest {
  /** `null`: as the token says, otherwise 50. At most 100 are answered. */
  readonly limit: number | null;
  /** `next` of the page before; `null`: the first page. */
  readonly token: string | null;
}

export interface PageOf<Query> {
  readonly query: Query;
  readonly page: PageRequest;
}

export interface Found {
  readonly items: readonly string[];
  /** For the page after; `null`: there is none. A page may have few items, or none, and still not be the last. */
  readonly next: string | null;
}

/**
 * `CHECK_NOT_ALLOWED` and the like are answered as a fault of the one question; what is the service's own fault is thrown. Searches
 * throw both. A token for the next page is good for the same client with the same question alone: otherwise `REQUEST_PARAMETER_INVALID`.
 */
export interface AccessSearch {
  /** How questions are taken here. */
  readonly settings: AuthzenSettings;

  /**
   * Decides on each of 1 to 100, in their order. `first-denial` and `first-permission`: up to the first one that is so, itself
   * included; the rest is not looked at.
   *
   * @throws CodedError `CLIENT_UNAUTHENTICATED`, and what says that the service cannot answer now
   */
  evaluate(
    context: CallContext,
    client: CallingClient,
    asked: { readonly items: readonly AccessItem[]; readonly until: 'end' | 'first-denial' | 'first-permission' },
  ): Promise<readonly AccessOutcome[]>;

  /**
   * Of the permissions that are named after the type of the resource, all that the subject has on it: as `action` they would be
   * allowed. Sorted by the permission. @throws CodedError as `AuthorizationManager.check`
   */
  actions(context: CallContext, client: CallingClient, asked: PageOf<ActionQuery>): Promise<Found>;

  /**
   * All registered subjects of this kind who have it on this resource by what is stored. In the order of their ids here. The
   * work of a page is bounded, and grows with those who could have it. @throws CodedError as `AuthorizationManager.check`
   */
  subjects(context: CallContext, client: CallingClient, asked: PageOf<SubjectQuery>): Promise<Found>;

  /**
   * Ids of the resources of this type on which the subject has it, of those that any grant to the subject or rule of the
   * policy names. Sorted. @throws CodedError as `AuthorizationManager.check`
   */
  resources(context: CallContext, client: CallingClient, asked: PageOf<ResourceQuery>): Promise<Found>;
}

export const ACCESS_SEARCH: unique symbol = Symbol('AccessSearch');
