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
import type { GrantRow, LimitRow, SubjectDocument } from './fact.document.js';

/** What one subject has of its own, or all that one group gives to whoever is in it. */
interface Holdings {
  readonly assignments: RoleAssignment[];
  readonly grants: ResourceGrant[];
}

/** Facts without those of the tenant. */
export type SubjectPart = Pick<SubjectFacts, 'subject' | 'groups' | 'nesting' | 'assignments' | 'grants'>;

const NONE: readonly never[] = Object.freeze([]);
const NO_ATTRIBUTES = Object.freeze({});
const NO_LIMITS = { unit: null, condition: null, valid: ALWAYS } as const;

/** Turns a document into facts. Subjects in the same groups share what these groups have. */
export class FactDecoder {
  private readonly keys: ReadonlyMap<number, string>;
  private readonly ancestors = new Map<number, number[]>();
  private readonly memberships = new Map<number, number[]>();
  private readonly holdings = new Map<number, Holdings>();

  constructor(private readonly document: SubjectDocument) {
    this.keys = new Map(document.groups ?? NONE);
    for (const [group, ancestor] of document.nested ?? NONE) push(this.ancestors, group, ancestor);
    const members = document.members[0] ?? NONE;
    for (let row = 0; row < members.length; row += 1) push(this.memberships, at(members, row), row);
    this.readAssignments();
    for (const row of document.grants ?? NONE) this.holdingsOf(row[0]).grants.push(this.toGrant(row));
  }

  /** Of each registered subject of the document, in its order. */
  subjects(asked: readonly string[]): SubjectPart[] {
    const count = this.document.subjects[0]?.length ?? 0;
    // One without an identity must not be taken for nobody: that would hide that it is disabled.
    if (count !== this.document.chosen) throw new Error('every registered subject has a first identity');
    return Array.from({ length: count }, (_, row) => this.part(this.toSubject(row), row + 1, asked));
  }

  /** Of somebody who is not registered. */
  nobody(asked: readonly string[]): SubjectPart {
    return this.part(null, 0, asked);
  }

  /** @param number of the subject; 0 has nothing */
  private part(subject: RegisteredSubject | null, number: number, asked: readonly string[]): SubjectPart {
    const holders = new Set([number]);
    const groups = this.groupsOf(number, holders);
    const nesting = asked.length === 0 ? NONE : this.nesting(asked, holders);
    const { assignments, grants } = this.held(holders);
    return { subject, groups, nesting, assignments, grants };
  }

  /** With the groups that follow from each, within the same window. */
  private groupsOf(subject: number, holders: Set<number>): readonly GroupMembership[] {
    const rows = this.memberships.get(subject);
    if (rows === undefined) return NONE;
    const found = new Map<string, GroupMembership>();
    for (const row of rows) {
      const direct = at(this.document.members[1], row);
      const [from, until] = at(this.document.members[2], row) ?? [null, null];
      const valid = toWindow(from, until);
      for (const group of [direct, ...(this.ancestors.get(direct) ?? NONE)]) {
        holders.add(-group);
        found.set(`${group} ${from} ${until}`, { key: this.keyOf(group), valid });
      }
    }
    return [...found.values()];
  }

  private nesting(asked: readonly string[], holders: Set<number>): GroupNesting[] {
    const wanted = new Set(asked);
    const nesting: GroupNesting[] = [];
    for (const [group, key] of this.keys) {
      if (!wanted.has(key)) continue;
      holders.add(-group);
      for (const ancestor of this.ancestors.get(group) ?? NONE) {
        holders.add(-ancestor);
        nesting.push({ group: key, ancestor: this.keyOf(ancestor) });
      }
    }
    return nesting;
  }

  private held(
    holders: ReadonlySet<number>,
  ): Holdings | { readonly assignments: readonly never[]; readonly grants: readonly never[] } {
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

  private readAssignments(): void {
    const [holders, ids, roles, eligible, limits] = this.document.assignments;
    for (let row = 0; row < (holders?.length ?? 0); row += 1) {
      const holder = at(holders, row);
      const state = at(eligible, row) ? 'eligible' : 'active';
      const { unit, condition, valid } = toLimits(at(limits, row));
      const assignment = { id: at(ids, row), group: this.holderKey(holder), role: at(roles, row), unit, condition, valid, state };
      this.holdingsOf(holder).assignments.push(assignment as RoleAssignment);
    }
  }

  private holdingsOf(holder: number): Holdings {
    const known = this.holdings.get(holder);
    if (known !== undefined) return known;
    const holdings = { assignments: [], grants: [] };
    this.holdings.set(holder, holdings);
    return holdings;
  }

  private toGrant([holder, id, role, permissions, type, ids, path, ...limits]: GrantRow): ResourceGrant {
    return { id, group: this.holderKey(holder), role, permissions, resource: { type, ids, path }, ...toLimits(limits) };
  }

  private toSubject(row: number): RegisteredSubject {
    const [ids, keys, kinds, statuses, attributes, instances, externalIds] = this.document.subjects;
    return {
      id: at(ids, row),
      key: at(keys, row),
      kind: at(kinds, row),
      status: at(statuses, row),
      attributes: at(attributes, row) ?? NO_ATTRIBUTES,
      primaryIdentity: { instance: at(instances, row), externalId: at(externalIds, row) },
    };
  }

  private holderKey(holder: number): string | null {
    return holder < 0 ? this.keyOf(-holder) : null;
  }

  private keyOf(group: number): string {
    const key = this.keys.get(group);
    if (key === undefined) throw new Error('the database answers the key of every group that it speaks of');
    return key;
  }
}

export function toWindow(from: number | null, until: number | null): TimeWindow {
  return from === null && until === null ? ALWAYS : { from, until };
}

function toLimits(limits: LimitRow | null): Pick<RoleAssignment, 'unit' | 'condition' | 'valid'> {
  if (limits === null) return NO_LIMITS;
  const [unit, key, params, from, until] = limits;
  const condition: NamedCondition | null = key === null ? null : { key, params };
  return { unit, condition, valid: toWindow(from, until) };
}

/** All columns of a table are of one length. */
function at<Value>(column: readonly Value[] | null, row: number): Value {
  return (column as readonly Value[])[row] as Value;
}

function push(lists: Map<number, number[]>, key: number, item: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
