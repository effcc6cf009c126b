import { ALWAYS, type TimeWindow } from '#utilities/time-window/contract.js';
import type {
  GroupMembership,
  GroupNesting,
  NamedCondition,
  RegisteredSubject,
  ResourceGrant,
  RoleAssignment,
  SubjectFacts,
} from '../contract.js';
import type { AssignmentRow, GrantRow, MemberRow, SubjectDocument, SubjectRow } from './fact.document.js';

/** What one subject has of its own, or all that one group gives to whoever is in it. */
interface Holdings {
  readonly assignments: RoleAssignment[];
  readonly grants: ResourceGrant[];
}

/** Facts without those of the tenant. */
export type SubjectPart = Pick<SubjectFacts, 'subject' | 'groups' | 'nesting' | 'assignments' | 'grants'>;

const NONE: readonly never[] = Object.freeze([]);
const NO_PARAMS = Object.freeze({});

/** Turns rows into facts. Subjects in the same groups share what these groups have. */
export class FactDecoder {
  private readonly keys: ReadonlyMap<string, string>;
  private readonly ancestors = new Map<string, string[]>();
  private readonly members: ReadonlyMap<string, MemberRow[]>;
  private readonly holdings = new Map<string, Holdings>();

  constructor(private readonly document: SubjectDocument) {
    this.keys = new Map(document.groups ?? NONE);
    for (const [group, ancestor] of document.nested ?? NONE) push(this.ancestors, group, ancestor);
    this.members = grouped(document.members ?? NONE, ([subject]) => subject);
    for (const row of document.assignments ?? NONE) this.holdingsOf(row).assignments.push(this.toAssignment(row));
    for (const row of document.grants ?? NONE) this.holdingsOf(row).grants.push(this.toGrant(row));
  }

  /** Of each registered subject of the document, in its order. */
  subjects(asked: readonly string[]): SubjectPart[] {
    return (this.document.subjects ?? NONE).map((row) => this.subject(row, asked));
  }

  /** Of somebody who is not registered. */
  nobody(asked: readonly string[]): SubjectPart {
    return this.part(null, NONE, asked);
  }

  private subject(row: SubjectRow, asked: readonly string[]): SubjectPart {
    return this.part(toSubject(row), this.members.get(row[0]) ?? NONE, asked);
  }

  private part(subject: RegisteredSubject | null, members: readonly MemberRow[], asked: readonly string[]): SubjectPart {
    const holders = new Set<string>();
    if (subject !== null) holders.add(subject.id);
    const groups = this.memberships(members, holders);
    const nesting = asked.length === 0 ? NONE : this.nesting(asked, holders);
    return { subject, groups, nesting, ...this.held(holders) };
  }

  /** With the groups that follow from each, within the same window. */
  private memberships(members: readonly MemberRow[], holders: Set<string>): readonly GroupMembership[] {
    if (members.length === 0) return NONE;
    const found = new Map<string, GroupMembership>();
    for (const [, group, from, until] of members) {
      const valid = toWindow(from, until);
      for (const id of [group, ...(this.ancestors.get(group) ?? NONE)]) {
        holders.add(id);
        found.set(`${id} ${from} ${until}`, { key: this.keyOf(id), valid });
      }
    }
    return [...found.values()];
  }

  private nesting(asked: readonly string[], holders: Set<string>): GroupNesting[] {
    const wanted = new Set(asked);
    const nesting: GroupNesting[] = [];
    for (const [id, key] of this.keys) {
      if (!wanted.has(key)) continue;
      holders.add(id);
      for (const ancestor of this.ancestors.get(id) ?? NONE) {
        holders.add(ancestor);
        nesting.push({ group: key, ancestor: this.keyOf(ancestor) });
      }
    }
    return nesting;
  }

  private held(holders: ReadonlySet<string>): Pick<SubjectPart, 'assignments' | 'grants'> {
    const all: Holdings[] = [];
    for (const holder of holders) {
      const holdings = this.holdings.get(holder);
      if (holdings !== undefined) all.push(holdings);
    }
    const [first] = all;
    if (first === undefined) return { assignments: NONE, grants: NONE };
    if (all.length === 1) return first;
    return { assignments: all.flatMap((each) => each.assignments), grants: all.flatMap((each) => each.grants) };
  }

  private holdingsOf([subject, group]: AssignmentRow | GrantRow): Holdings {
    const holder = subject ?? group ?? '';
    const known = this.holdings.get(holder);
    if (known !== undefined) return known;
    const holdings = { assignments: [], grants: [] };
    this.holdings.set(holder, holdings);
    return holdings;
  }

  private toAssignment([, group, id, role, unit, condition, params, from, until, state]: AssignmentRow): RoleAssignment {
    const valid = toWindow(from, until);
    return { id, group: this.holderKey(group), role, unit, condition: toCondition(condition, params), valid, state };
  }

  private toGrant([
    ,
    group,
    id,
    role,
    permissions,
    type,
    ids,
    path,
    unit,
    condition,
    params,
    from,
    until,
  ]: GrantRow): ResourceGrant {
    return {
      id,
      group: this.holderKey(group),
      role,
      permissions,
      resource: { type, ids, path },
      unit,
      condition: toCondition(condition, params),
      valid: toWindow(from, until),
    };
  }

  private holderKey(group: string | null): string | null {
    return group === null ? null : this.keyOf(group);
  }

  private keyOf(group: string): string {
    const key = this.keys.get(group);
    if (key === undefined) throw new Error('the database answers the key of every group that it speaks of');
    return key;
  }
}

export function toWindow(from: number | null, until: number | null): TimeWindow {
  return from === null && until === null ? ALWAYS : { from, until };
}

function toSubject([id, key, kind, status, attributes, instance, externalId]: SubjectRow): RegisteredSubject {
  return { id, key, kind, status, attributes, primaryIdentity: { instance, externalId } };
}

function toCondition(key: string | null, params: NamedCondition['params'] | null): NamedCondition | null {
  return key === null ? null : { key, params: params ?? NO_PARAMS };
}

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) push(groups, keyOf(row), row);
  return groups;
}

function push<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
