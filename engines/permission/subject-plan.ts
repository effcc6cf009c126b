import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { ClaimMapping } from '#accessors/policy/contract.js';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import type { CompiledPolicy } from './compiled-policy.js';
import type { PermissionQuestion } from './contract.js';
import type { PermissionBits } from './permission-set.js';
import { Segment } from './segment.js';
import { groupsStanding, standingOf, type BadStanding } from './standing.js';
import { WayFinder, type FoundWays } from './way-finder.js';
import type { CompiledDeny } from './way.js';
import { passedEdges, sortedEdges } from './windows.js';

const NONE: readonly never[] = Object.freeze([]);

/** How many stretches of time are kept for one subject: the present one, and those that a horizon looked into. */
const MAX_KEPT = 4;

/** Everything about one subject under one policy at one application that does not depend on the request or the time. */
export class SubjectPlan {
  readonly found: FoundWays;
  readonly denies: readonly CompiledDeny[];
  /** Everything that any way leads to. */
  readonly reach: PermissionBits;
  readonly standing: BadStanding | null;
  /** Unix milliseconds at which any window that concerns the subject begins or ends, ascending. */
  readonly edges: readonly number[];
  private segments: Map<number, Segment> | null = null;
  private last: Segment | null = null;

  constructor(
    readonly compiled: CompiledPolicy,
    readonly facts: SubjectFacts,
    mappings: readonly ClaimMapping[],
  ) {
    this.found = new WayFinder(compiled, facts, mappings).find();
    this.standing = standingOf(facts);
    this.reach = compiled.catalogue.union(this.found.ways);
    this.denies = this.findDenies();
    this.edges = this.findEdges();
  }

  /** What holds at this moment, and as long as no window begins or ends. */
  at(now: number): Segment {
    const { last } = this;
    if (last !== null && last.from <= now && now < last.until) return last;
    const passed = passedEdges(this.edges, now);
    const segment = this.segments?.get(passed) ?? this.makeSegment(passed);
    this.last = segment;
    return segment;
  }

  private makeSegment(passed: number): Segment {
    const made = new Segment(this, { from: this.edges[passed - 1] ?? -Infinity, until: this.edges[passed] ?? Infinity });
    if (this.edges.length === 0) return made;
    this.segments ??= new Map();
    if (this.segments.size >= MAX_KEPT) this.segments.clear();
    this.segments.set(passed, made);
    return made;
  }

  /** Denies that name everybody, the subject, or any group or role that it could be in or have. */
  private findDenies(): readonly CompiledDeny[] {
    const { compiled, facts, found } = this;
    if (!compiled.hasDenies) return NONE;
    const denies = new Set(compiled.deniesOf('all'));
    const add = (deny: CompiledDeny): unknown => denies.add(deny);
    if (facts.subject !== null) compiled.deniesOf(`subject:${facts.subject.key}`).forEach(add);
    for (const group of found.memberships.keys()) compiled.deniesOf(`group:${group}`).forEach(add);
    for (const way of found.ways) if (!way.isEligible) way.role?.denies.forEach(add);
    return [...denies];
  }

  private findEdges(): readonly number[] {
    const edges: (number | null)[] = [];
    const add = ({ from, until }: TimeWindow): unknown => edges.push(from, until);
    for (const way of this.found.ways) way.windows.forEach(add);
    for (const members of this.found.memberships.values()) for (const member of members) member.windows.forEach(add);
    for (const { rule } of this.denies) add(rule.valid);
    for (const { valid } of this.facts.flags) add(valid);
    for (const { valid, graceUntil } of this.facts.subscriptions) {
      add(valid);
      edges.push(graceUntil);
    }
    return edges.length === 0 ? NONE : sortedEdges(edges);
  }
}

/** What keeps the subject from having anything at all; `null`: nothing does. */
export function badStanding({ claims }: PermissionQuestion, { standing, compiled }: SubjectPlan): BadStanding | null {
  return standing ?? groupsStanding(claims, compiled.index.mappings);
}
