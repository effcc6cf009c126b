import type { Application } from '#accessors/registration/contract.js';
import { InternedSets } from './interned-sets.js';
import { isPermissionName, matchesSegments, parsePattern, type PermissionPattern } from './permission-pattern.js';
import { addAll, addBit, emptyBits, hasBit, isEmpty, type PermissionBits } from './permission-set.js';

const EVERYTHING = '**';

/** Bounds what callers can make the process keep by sending ever different scope values. */
const MAX_KEPT_VALUES = 1024;

/**
 * The permissions of one application, prepared for matching. Positions follow the sorted names and not the stored bits: they
 * cannot collide, leave no gaps and give the names in order.
 */
export class PermissionCatalogue {
  readonly names: readonly string[];
  readonly grants: InternedSets;
  private readonly segments: readonly (readonly string[])[];
  private readonly positions: ReadonlyMap<string, number>;
  private readonly lifetimes: readonly (readonly [position: number, seconds: number])[];
  private readonly lists = new WeakMap<readonly string[], PermissionBits>();
  private readonly nothing: PermissionBits;
  /** What is covered by `**` alone, as most boundaries are. Always the same object; nobody may change it. */
  readonly everything: PermissionBits;
  private lastList: readonly string[] | null = null;
  private lastCovered: PermissionBits;
  private readonly values = new Map<string, PermissionBits>();

  constructor(application: Application) {
    const names = new Set(application.permissions.map((permission) => permission.name).filter(isPermissionName));
    this.names = [...names].sort();
    this.segments = this.names.map((name) => name.split(':'));
    this.positions = new Map(this.names.map((name, position) => [name, position]));
    this.lifetimes = application.permissions.flatMap(({ name, maxLifetimeSeconds }) => {
      const position = this.positions.get(name);
      return position === undefined || typeof maxLifetimeSeconds !== 'number' ? [] : [[position, maxLifetimeSeconds] as const];
    });
    this.nothing = this.empty();
    this.lastCovered = this.nothing;
    this.everything = this.expand(EVERYTHING) ?? this.nothing;
    this.grants = new InternedSets(this.names);
  }

  positionOf(name: string): number | undefined {
    return this.positions.get(name);
  }

  /** In milliseconds, how long a token with these permissions may live; `null`: they do not say. */
  longestLifeOf(granted: PermissionBits): number | null {
    let longest = Infinity;
    for (const [position, seconds] of this.lifetimes) if (hasBit(granted, position)) longest = Math.min(longest, seconds * 1000);
    return longest === Infinity ? null : longest;
  }

  empty(): PermissionBits {
    return emptyBits(this.names.length);
  }

  /** What any of these rules is about; the same empty set, which nobody may change, where there are none. */
  readonly union = (rules: readonly { readonly bits: PermissionBits }[]): PermissionBits => {
    const [first, ...more] = rules;
    if (first === undefined) return this.nothing;
    if (more.length === 0) return first.bits;
    const all = first.bits.slice();
    for (const { bits } of more) addAll(all, bits);
    return all;
  };

  /** Everything that any of these names and patterns covers; a malformed one covers nothing. Kept for as long as the list is. */
  coveredBy(patterns: readonly string[]): PermissionBits {
    if (patterns === this.lastList) return this.lastCovered;
    if (patterns.length === 1 && patterns[0] === EVERYTHING) return this.everything;
    const covered = this.lists.get(patterns) ?? this.cover(patterns);
    this.lastList = patterns;
    this.lastCovered = covered;
    return covered;
  }

  /** What one requested value covers; `undefined` when it is malformed or covers nothing. */
  coveredByValue(text: string): PermissionBits | undefined {
    const known = this.values.get(text);
    if (known !== undefined) return known;
    const covered = this.expand(text);
    if (covered === undefined || isEmpty(covered)) return undefined;
    if (this.values.size >= MAX_KEPT_VALUES) this.values.clear();
    this.values.set(text, covered);
    return covered;
  }

  /** What a name or pattern covers; `undefined` when it is malformed. */
  expand(text: string): PermissionBits | undefined {
    const covered = this.empty();
    const position = this.positions.get(text);
    if (position !== undefined) {
      addBit(covered, position);
      return covered;
    }
    const parsed = parsePattern(text);
    if (!parsed.ok) return undefined;
    this.addMatches(covered, parsed.pattern);
    return covered;
  }

  private cover(patterns: readonly string[]): PermissionBits {
    const covered = this.empty();
    for (const text of patterns) addAll(covered, this.expand(text) ?? this.nothing);
    this.lists.set(patterns, covered);
    return covered;
  }

  private addMatches(covered: PermissionBits, pattern: PermissionPattern): void {
    for (const [position, segments] of this.segments.entries()) {
      if (matchesSegments(pattern, segments)) addBit(covered, position);
    }
  }
}
