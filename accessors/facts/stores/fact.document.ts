import type { FactValue } from '../contract.js';

type Moment = number | null;
type Attributes = Readonly<Record<string, FactValue>>;

/** What the tenant has, as the database tells it. `null`: there are no such rows. */
export interface TenantDocument {
  /** `null`: there is no such tenant. */
  readonly tenant: TenantRow | null;
  readonly subscriptions: readonly SubscriptionRow[] | null;
  readonly flags: readonly FlagRow[] | null;
}

/**
 * What subjects and groups have. `null`: there are no such rows. Subjects are numbered from 1 in their order, groups have numbers of
 * their own; a holder is the number of a subject, or of a group with a minus.
 */
export interface SubjectDocument {
  /** How many subjects were found. */
  readonly chosen: number;
  readonly subjects: SubjectColumns;
  readonly groups: readonly (readonly [group: number, key: string])[] | null;
  /** Groups that are in others, at whatever distance. */
  readonly nested: readonly (readonly [group: number, ancestor: number])[] | null;
  readonly members: MemberColumns;
  readonly assignments: AssignmentColumns;
  readonly grants: readonly GrantRow[] | null;
}

export type TenantRow = readonly [
  status: 'active' | 'suspended',
  boundary: readonly string[] | null,
  attributes: Attributes,
  slug: string,
];

export type SubscriptionRow = readonly [tier: string, from: Moment, until: Moment, graceUntil: Moment];

export type FlagRow = readonly [key: string, enabled: boolean, percent: number, from: Moment, until: Moment];

type Column<Value> = readonly Value[] | null;

export type SubjectColumns = readonly [
  ids: Column<string>,
  keys: Column<string>,
  kinds: Column<'user' | 'workload' | 'agent'>,
  statuses: Column<'active' | 'disabled'>,
  attributes: Column<Attributes | null>,
  instances: Column<string>,
  externalIds: Column<string>,
];

export type MemberColumns = readonly [
  subjects: Column<number>,
  groups: Column<number>,
  windows: Column<readonly [from: Moment, until: Moment] | null>,
];

export type LimitRow = readonly [unit: string | null, condition: string | null, params: Attributes, from: Moment, until: Moment];

export type AssignmentColumns = readonly [
  holders: Column<number>,
  ids: Column<string>,
  roles: Column<string>,
  eligible: Column<boolean>,
  limits: Column<LimitRow | null>,
];

export type GrantRow = readonly [
  holder: number,
  id: string,
  role: string | null,
  permissions: readonly string[],
  type: string,
  ids: readonly string[] | null,
  path: string | null,
  ...limits: LimitRow,
];

/** Of a tenant that has nobody. */
export const NO_SUBJECTS: SubjectDocument = {
  chosen: 0,
  subjects: [null, null, null, null, null, null, null],
  groups: null,
  nested: null,
  members: [null, null, null],
  assignments: [null, null, null, null, null],
  grants: null,
};
