import type { PermissionDecision } from './contract.js';
import { hashBits, positionsOf, sameBits, type PermissionBits } from './permission-set.js';

type Granted = Extract<PermissionDecision, { effect: 'granted' }>;

export interface InternedSet {
  readonly bits: PermissionBits;
  readonly decision: Granted;
}

const NONE: readonly never[] = Object.freeze([]);

/** Bounds what callers can make the process keep by asking for ever different sets. */
const MAX_KEPT = 4096;

/**
 * Answers the same frozen object for the same set, so that an exchange neither builds a list of names nor joins one. Kept sets
 * are dropped together when there are too many; a set in use is then simply built again.
 */
export class InternedSets {
  private readonly buckets = new Map<number, InternedSet[]>();
  private kept = 0;

  constructor(private readonly names: readonly string[]) {}

  /** `bits` may be changed by the caller afterwards. */
  grantOf(bits: PermissionBits): Granted {
    return this.setOf(bits).decision;
  }

  setOf(bits: PermissionBits): InternedSet {
    const hash = hashBits(bits);
    for (const known of this.buckets.get(hash) ?? NONE) if (sameBits(known.bits, bits)) return known;
    const made = this.build(bits.slice());
    this.keep(hash, made);
    return made;
  }

  private build(bits: PermissionBits): InternedSet {
    const permissions = Object.freeze(positionsOf(bits).map((position) => this.names[position] ?? ''));
    const scope = permissions.join(' ');
    return {
      bits,
      decision: Object.freeze({ effect: 'granted', permissions, scope, conditional: NONE, details: NONE, validUntil: null }),
    };
  }

  private keep(hash: number, made: InternedSet): void {
    if (this.kept >= MAX_KEPT) {
      this.buckets.clear();
      this.kept = 0;
    }
    this.kept++;
    const bucket = this.buckets.get(hash);
    if (bucket === undefined) this.buckets.set(hash, [made]);
    else bucket.push(made);
  }
}
