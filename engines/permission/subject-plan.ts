import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { ClaimMapping } from '#accessors/policy/contract.js';
import type { CompiledDeny, CompiledPolicy } from './compiled-policy.js';
import { Segment } from './segment.js';
import { WayFinder, type FoundWays } from './way-finder.js';
import type { Way } from './way.js';
import { passedEdges, sortedEdges } from './windows.js';

/** How many stretches of time are kept for one subject: the present one, and those that a horizon looked into. */
const MAX_KEPT = 4;

/** Everything about one subject under one policy at one application that does not depend on the request or the time. */
export class SubjectPlan {
  readonly found: FoundWays;
  readonly denies: readonly CompiledDeny[];
  /** Unix milliseconds at which any window that concerns the subject begins or ends, ascending. */
  readonly edges: readonly number[];
  private readonly segments = new Map<number, Segment>();
  private last: Segment | null = null;

  constructor(
    readonly compiled: CompiledPolicy,
    readonly facts: SubjectFacts,
    mappings: readonly ClaimMapping[],
  ) {
    this.found = new WayFinder(compiled, facts, mappings).find();
    this.denies = this.findDenies();
    this.edges = sortedEdges(this.allEdges());
  }

  /** What holds at this moment, and as long as no window begins or ends. */
  at(now: number): Segment {
    const { last } = this;
    if (last !== null && last.from <= now && now < last.until) return last;
    const passed = passedEdges(this.edges, now);
    const segment = this.segments.get(passed) ?? this.makeSegment(passed);
    this.last = segment;
    return segment;
  }

  private makeSegment(passed: number): Segment {
    const span = { from: this.edges[passed - 1] ?? -Infinity, until: this.edges[passed] ?? Infinity };
    const made = new Segment(this, span);
    if (this.segments.size >= MAX_KEPT) this.segments.clear();
    this.segments.set(passed, made);
    return made;
  }

  /** Denies that name everybody, the subject, or any group or role that it could be in or have. */
  private findDenies(): readonly CompiledDeny[] {
    const selectors = new Set(['all']);
    if (this.facts.subject !== null) selectors.add(`subject:${this.facts.subject.key}`);
    for (const group of this.found.memberships.keys()) selectors.add(`group:${group}`);
    for (const way of this.found.ways) {
      if (!way.isEligible) way.role?.holds.forEach((role) => selectors.add(`role:${role}`));
    }
    const denies = new Set<CompiledDeny>();
    for (const selector of selectors) for (const deny of this.compiled.deniesOf(selector)) denies.add(deny);
    return [...denies];
  }

  private *allEdges(): Iterable<number | null> {
    const { ways, memberships } = this.found;
    for (const way of ways) yield* windowEdges(way);
    for (const members of memberships.values()) for (const member of members) yield* windowEdges(member);
    for (const { rule } of this.denies) yield* [rule.valid.from, rule.valid.until];
    for (const { valid } of this.facts.flags) yield* [valid.from, valid.until];
    for (const { valid, graceUntil } of this.facts.subscriptions) yield* [valid.from, valid.until, graceUntil];
  }
}

function* windowEdges({ windows }: Pick<Way, 'windows'>): Iterable<number | null> {
  for (const { from, until } of windows) yield* [from, until];
}
