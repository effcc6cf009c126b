import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { CompiledGate, CompiledPolicy } from './compiled-policy.js';
import type { InternedSet } from './interned-sets.js';
import type { PermissionCatalogue } from './permission-catalogue.js';
import { isEmpty, removeAll, type PermissionBits } from './permission-set.js';
import type { FoundWays } from './way-finder.js';
import { isUnguarded, UNCONDITIONAL, type CompiledDeny, type Requirements, type Way } from './way.js';
import { areWithin, isWithin } from './windows.js';

const NO_FLAGS: ReadonlySet<string> = new Set();

/** A deny that depends on more than the time. */
export interface OpenDeny {
  readonly deny: CompiledDeny;
  /** Any of these makes it concern the subject; `null`: it does. */
  readonly concerns: readonly Requirements[] | null;
  /** Any of these takes the subject out of it. */
  readonly excepts: readonly Requirements[];
}

/** A gate that nothing but flags keeps closed; a fact source may know better. */
export interface FlagGate {
  readonly gate: CompiledGate;
  readonly missing: readonly string[];
}

/** What a segment is made from: everything about the subject that does not depend on the time. */
export interface SegmentSource {
  readonly compiled: CompiledPolicy;
  readonly facts: SubjectFacts;
  readonly found: FoundWays;
  readonly denies: readonly CompiledDeny[];
  readonly reach: PermissionBits;
}

/** What holds for one subject as long as no window begins or ends. */
export class Segment {
  readonly from: number;
  readonly until: number;
  /** Held whatever the request says. */
  readonly granted: PermissionBits;
  /** Ways that hold if what they ask for besides the time is so, in a fixed order. */
  readonly guarded: readonly Way[];
  /** Everything that any way leads to, ended, future and guarded ones too. */
  readonly reach: PermissionBits;
  /** Whether everything that takes away is in `closed` and `denied`, but for boundaries. */
  readonly isSettled: boolean;
  readonly catalogue: PermissionCatalogue;
  /** Denied whatever the request says, and by what. */
  readonly denied: PermissionBits;
  readonly settledDenies: readonly CompiledDeny[];
  readonly openDenies: readonly OpenDeny[];
  /** Behind gates that stay closed. */
  readonly closed: PermissionBits;
  readonly flagGates: readonly FlagGate[];
  readonly rank: number;
  readonly flags: ReadonlySet<string>;
  private answerToAll: InternedSet['decision'] | null | undefined = undefined;
  /** The set that was answered last; often the next answer is the same one. */
  lastAnswer: InternedSet | null = null;

  constructor(
    private readonly plan: SegmentSource,
    span: { readonly from: number; readonly until: number },
  ) {
    this.from = span.from;
    this.until = span.until;
    const { compiled, facts, found } = plan;
    // Nothing changes within the span, so any moment in it stands for all of it.
    const now = Number.isFinite(span.from) ? span.from : span.until - 1;
    this.rank = compiled.index.tiers.rankAt(facts.subscriptions, now);
    this.flags = this.flagsAt(now);
    const ways = found.isTooMany ? [] : found.ways.filter((way) => !way.isEligible && areWithin(way.windows, now));
    this.catalogue = compiled.catalogue;
    const { union } = compiled.catalogue;
    this.reach = plan.reach;
    this.granted = union(ways.filter(isUnguarded));
    this.guarded = ways.filter((way) => !isUnguarded(way)).sort((left, right) => (left.id < right.id ? -1 : 1));
    const denies = this.findDenies(ways, now);
    this.openDenies = denies.open;
    this.settledDenies = denies.settled;
    this.denied = union(denies.settled);
    const gates = this.findGates();
    this.flagGates = gates.open;
    this.closed = union(gates.closed);
    this.isSettled = gates.open.length === 0 && denies.open.length === 0 && compiled.stepUps.length === 0;
  }

  /** The answer to whoever asks for all that may be had, if nothing in the question makes a difference; otherwise `null`. */
  get always(): InternedSet['decision'] | null {
    if (this.answerToAll === undefined)
      this.answerToAll = this.isSettled && this.guarded.length === 0 ? this.settledAnswer() : null;
    return this.answerToAll;
  }

  /** `null` too, if it is empty or may be held for so long only: there is more to say then. */
  private settledAnswer(): InternedSet['decision'] | null {
    const held = this.granted.slice();
    removeAll(held, this.closed);
    removeAll(held, this.denied);
    if (isEmpty(held) || this.catalogue.longestLifeOf(held) !== null) return null;
    return this.catalogue.grants.grantOf(held);
  }

  private flagsAt(now: number): ReadonlySet<string> {
    const { compiled, facts } = this.plan;
    if (this.rank < 0 && facts.flags.length === 0) return NO_FLAGS;
    const flags = new Set(compiled.index.tiers.flagsUpTo(this.rank));
    for (const { key, enabled, valid } of facts.flags) if (enabled && isWithin(valid, now)) flags.add(key);
    return flags;
  }

  private findGates(): { readonly open: readonly FlagGate[]; readonly closed: readonly CompiledGate[] } {
    const open: FlagGate[] = [];
    const closed: CompiledGate[] = [];
    for (const gate of this.plan.compiled.gates) {
      const missing = gate.rule.flags.filter((flag) => !this.flags.has(flag));
      if (gate.rank !== null && this.rank < gate.rank) closed.push(gate);
      else if (missing.length > 0) open.push({ gate, missing });
    }
    return { open, closed };
  }

  private findDenies(
    ways: readonly Way[],
    now: number,
  ): { readonly open: readonly OpenDeny[]; readonly settled: readonly CompiledDeny[] } {
    const open: OpenDeny[] = [];
    const settled: CompiledDeny[] = [];
    for (const deny of this.plan.denies) {
      if (!isWithin(deny.rule.valid, now)) continue;
      const concerns = this.matching(deny.principals, ways, now);
      const excepts = this.matching(deny.rule.except, ways, now);
      if (excepts === null || concerns?.length === 0) continue;
      if (concerns === null && excepts.length === 0 && deny.condition === null) settled.push(deny);
      else open.push({ deny, concerns, excepts });
    }
    return { open, settled };
  }

  /** What would make any of the selectors name the subject; `null`: one does. */
  private matching(selectors: readonly string[], ways: readonly Way[], now: number): readonly Requirements[] | null {
    const found: Requirements[] = [];
    for (const selector of selectors) {
      for (const requirements of this.named(selector, ways, now)) {
        if (isUnguarded(requirements)) return null;
        found.push(requirements);
      }
    }
    return found;
  }

  private named(selector: string, ways: readonly Way[], now: number): readonly Requirements[] {
    const { facts, found } = this.plan;
    if (selector === 'all') return [UNCONDITIONAL];
    const key = selector.slice(selector.indexOf(':') + 1);
    if (selector.startsWith('subject:')) return facts.subject?.key === key ? [UNCONDITIONAL] : [];
    if (selector.startsWith('group:')) return (found.memberships.get(key) ?? []).filter(({ windows }) => areWithin(windows, now));
    if (selector.startsWith('role:')) return ways.filter((way) => way.role?.holds.has(key) === true);
    return [];
  }
}
