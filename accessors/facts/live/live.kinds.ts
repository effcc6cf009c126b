import type { Database } from '#utilities/database/contract.js';
import type { LiveKind } from '../live-data.contract.js';
import { ASSIGNMENTS } from './assignment.kind.js';
import { FlagKind } from './flag.kind.js';
import { GRANTS } from './grant.kind.js';
import { GroupKind } from './group.kind.js';
import { HeldKind } from './held.kind.js';
import type { HeldKindStore, LiveKindStore } from './live.kind.js';
import { MembershipKind } from './membership.kind.js';
import { SubjectKind } from './subject.kind.js';
import { SubscriptionKind } from './subscription.kind.js';

/** What a tenant has. In this order it is written, so that what is spoken of is there. */
export const KINDS = [
  'group',
  'subject',
  'membership',
  'assignment',
  'grant',
  'subscription',
  'flag',
] as const satisfies LiveKind[];

export type TenantsKind = (typeof KINDS)[number];

export interface LiveKinds {
  readonly group: GroupKind;
  /** Rows that go with the subject or group that has them. */
  readonly held: readonly (readonly [TenantsKind, HeldKindStore])[];
  of(kind: TenantsKind): LiveKindStore;
}

export function liveKinds(database: Database): LiveKinds {
  const group = new GroupKind({ database });
  const membership = new MembershipKind({ database });
  const assignment = new HeldKind(database, ASSIGNMENTS);
  const grant = new HeldKind(database, GRANTS);
  const stores = {
    group,
    subject: new SubjectKind({ database }),
    membership,
    assignment,
    grant,
    subscription: new SubscriptionKind(database),
    flag: new FlagKind({ database }),
  };
  return {
    group,
    held: [
      ['membership', membership],
      ['assignment', assignment],
      ['grant', grant],
    ],
    // Each store is handed records of its own kind alone.
    of: (kind) => stores[kind],
  };
}
