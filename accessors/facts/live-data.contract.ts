/**
 * Hides how live data is written and listed, row by row, and the log of its changes. Called by the AdministrationManager alone.
 */
import type { CallContext } from '#utilities/call-context/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import type { FactValue, GrantedResource, NamedCondition, UpstreamIdentity } from './contract.js';

export type LiveKind = 'tenant' | 'group' | 'subject' | 'membership' | 'assignment' | 'grant' | 'subscription' | 'flag';

export interface Principal {
  readonly type: 'subject' | 'group';
  readonly key: string;
}

/** One row of live data as people name it. Every member is there: what is not said is `null` or empty. */
export type LiveRecord =
  | {
      readonly kind: 'tenant';
      readonly slug: string;
      readonly status: 'active' | 'suspended';
      readonly boundary: readonly string[] | null;
      readonly attributes: Readonly<Record<string, FactValue>>;
    }
  | { readonly kind: 'group'; readonly key: string; readonly parents: readonly string[] }
  | {
      readonly kind: 'subject';
      readonly key: string;
      readonly subjectKind: 'user' | 'workload' | 'agent';
      readonly status: 'active' | 'disabled';
      readonly identities: readonly UpstreamIdentity[];
      readonly attributes: Readonly<Record<string, FactValue>>;
    }
  | { readonly kind: 'membership'; readonly subject: string; readonly group: string; readonly valid: TimeWindow }
  | {
      readonly kind: 'assignment';
      /** `null`: a new one. Several assignments of one role to one principal may differ in unit, window or condition. */
      readonly id: string | null;
      readonly principal: Principal;
      readonly role: string;
      readonly unit: string | null;
      readonly condition: NamedCondition | null;
      readonly valid: TimeWindow;
      readonly state: 'active' | 'eligible' | 'revoked';
    }
  | {
      readonly kind: 'grant';
      readonly id: string | null;
      readonly principal: Principal;
      readonly role: string | null;
      readonly permissions: readonly string[];
      readonly resource: GrantedResource;
      readonly unit: string | null;
      readonly condition: NamedCondition | null;
      readonly valid: TimeWindow;
    }
  | {
      readonly kind: 'subscription';
      readonly id: string | null;
      readonly tier: string;
      readonly valid: TimeWindow;
      /** Unix milliseconds. */
      readonly graceUntil: number | null;
    }
  | {
      readonly kind: 'flag';
      readonly key: string;
      readonly enabled: boolean;
      /** Part of the subjects that have it while it is enabled, 0 to 100; always the same ones. */
      readonly rolloutPercent: number;
      readonly valid: TimeWindow;
    };

/** How a row is found again: `key` of a tenant, group, subject or flag, `id` of the others, `SUBJECT/GROUP` of a membership. */
export interface LiveRef {
  readonly kind: LiveKind;
  readonly name: string;
}

export interface LiveChange {
  readonly ref: LiveRef;
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'removed';
  readonly before: LiveRecord | null;
  readonly after: LiveRecord | null;
}

export interface ChangeLogEntry {
  /** Grows with time; pages go by it. */
  readonly number: number;
  /** Unix milliseconds of the database. */
  readonly at: number;
  readonly by: string;
  readonly change: LiveChange;
}

export interface Page {
  /** From the answer before; `null`: from the beginning. */
  readonly after: string | null;
  /** At most 1000. */
  readonly limit: number;
}

export interface LiveQuery extends Page {
  readonly kind: LiveKind;
  /**
   * `subject:KEY` or `group:KEY`: only memberships, assignments and grants of this one. Any other text: how the names begin. `null`:
   * all.
   */
  readonly about: string | null;
}

export interface ChangeQuery extends Page {
  readonly about: LiveRef | null;
}

export interface Paged<Item> {
  readonly items: readonly Item[];
  /** `null`: there is nothing more. */
  readonly next: string | null;
}

export interface LiveData {
  /**
   * Brings rows of one tenant to these states, all or nothing, each change with its entry in the log. Joins the caller's unit of
   * work. For `tenant` records `tenant` is ignored. Answers changes in the order of the records.
   *
   * A record without `id` that says the same as a stored one is that one.
   *
   * @throws CodedError `LIVE_DATA_INVALID` with every fault in `details.actual`, one a line, `records[NUMBER]: …`: an unknown tenant,
   *   subject or group, an identity that belongs to somebody else, a group inside itself, groups deeper than 8 steps
   */
  put(context: CallContext, tenant: string, records: readonly LiveRecord[]): Promise<readonly LiveChange[]>;

  /**
   * Takes rows away, all or nothing. With a subject or group goes what it has and where it is a member; that is answered after the
   * rows that were asked for. A tenant cannot be removed.
   *
   * @throws CodedError `LIVE_DATA_UNKNOWN`, `LIVE_DATA_INVALID`
   */
  remove(context: CallContext, tenant: string, refs: readonly LiveRef[]): Promise<readonly LiveChange[]>;

  /** @throws CodedError `LIVE_DATA_UNKNOWN` */
  get(context: CallContext, tenant: string, ref: LiveRef): Promise<LiveRecord>;

  /** In the order of their names. Of kind `tenant`: all tenants, whatever `tenant` is. @throws CodedError `LIVE_DATA_UNKNOWN` */
  list(context: CallContext, tenant: string, query: LiveQuery): Promise<Paged<LiveRecord>>;

  /** Newest first. @throws CodedError `LIVE_DATA_UNKNOWN` */
  changes(context: CallContext, tenant: string, query: ChangeQuery): Promise<Paged<ChangeLogEntry>>;
}

export const LIVE_DATA: unique symbol = Symbol('LiveData');
