import type { FactValue } from '../contract.js';

type Moment = number | null;
type Attributes = Readonly<Record<string, FactValue>>;

/** What the tenant has, as the database tells it. */
export interface TenantDocument {
  /** `null`: there is no such tenant. */
  readonly tenant: readonly [status: 'active' | 'suspended', boundary: readonly string[] | null, attributes: Attributes] | null;
  readonly subscriptions: readonly SubscriptionRow[] | null;
  readonly flags: readonly FlagRow[] | null;
}

/** What subjects and groups have. `null`: there are no such rows. */
export interface SubjectDocument {
  readonly subjects: readonly SubjectRow[] | null;
  readonly members: readonly MemberRow[] | null;
  /** Groups that are in others, at whatever distance. */
  readonly nested: readonly (readonly [group: string, ancestor: string])[] | null;
  readonly groups: readonly (readonly [id: string, key: string])[] | null;
  readonly assignments: readonly AssignmentRow[] | null;
  readonly grants: readonly GrantRow[] | null;
}

export type SubscriptionRow = readonly [tier: string, from: Moment, until: Moment, graceUntil: Moment];

export type FlagRow = readonly [key: string, enabled: boolean, percent: number, from: Moment, until: Moment];

export type SubjectRow = readonly [
  id: string,
  key: string,
  kind: 'user' | 'workload' | 'agent',
  status: 'active' | 'disabled',
  attributes: Attributes,
  instance: string,
  externalId: string,
];

export type MemberRow = readonly [subject: string, group: string, from: Moment, until: Moment];

export type AssignmentRow = readonly [
  subject: string | null,
  group: string | null,
  id: string,
  role: string,
  unit: string | null,
  condition: string | null,
  params: Attributes | null,
  from: Moment,
  until: Moment,
  state: 'active' | 'eligible',
];

export type GrantRow = readonly [
  subject: string | null,
  group: string | null,
  id: string,
  role: string | null,
  permissions: readonly string[],
  type: string,
  ids: readonly string[] | null,
  path: string | null,
  unit: string | null,
  condition: string | null,
  params: Attributes | null,
  from: Moment,
  until: Moment,
];
