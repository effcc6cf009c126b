import type { Subscription } from '#accessors/facts/contract.js';
import type { Tier } from '#accessors/policy/contract.js';
import { isWithin } from './windows.js';

/** The tiers of a policy from the lowest to the highest. One whose key stands twice has no place among them. */
export class TierLadder {
  private readonly ranks = new Map<string, number>();

  constructor(private readonly tiers: readonly Tier[]) {
    for (const [rank, { key }] of tiers.entries()) this.ranks.set(key, this.ranks.has(key) ? NaN : rank);
  }

  /** `null`: there is no such tier. */
  rankOf(key: string): number | null {
    const rank = this.ranks.get(key);
    return rank === undefined || Number.isNaN(rank) ? null : rank;
  }

  /** The highest rank that any subscription gives now, -1 without one. A grace makes one count although it has ended. */
  rankAt(subscriptions: readonly Subscription[], now: number): number {
    let highest = -1;
    for (const subscription of subscriptions) {
      if (counts(subscription, now)) highest = Math.max(highest, this.rankOf(subscription.tier) ?? -1);
    }
    return highest;
  }

  keyAt(rank: number): string | undefined {
    return this.tiers[rank]?.key;
  }

  /** Flags of this tier and of all below it. */
  flagsUpTo(rank: number): readonly string[] {
    return this.tiers.slice(0, rank + 1).flatMap(({ flags }) => flags);
  }
}

function counts({ valid, graceUntil }: Subscription, now: number): boolean {
  if (isWithin(valid, now)) return true;
  const { from, until } = valid;
  if (graceUntil === null || until === null || (from !== null && from >= until)) return false;
  return now >= until && now < graceUntil;
}
