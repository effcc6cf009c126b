import type { Clock } from '#utilities/clock/contract.js';
import type { VaultLimits } from './vault-knobs.js';

const WINDOW_MS = 10_000;

/** What a transaction weighs against one with RSA-2048 or P-256, from the published limits of each kind of key. */
const WEIGHTS: Readonly<Record<number, number>> = { 3072: 4, 4096: 8 };

/** The limits of one vault: a sum of weights in windows of ten seconds. What was refused does not count. */
export class VaultLimiter {
  private windowEndsAt = 0;
  private units = 0;
  private creations = 0;

  constructor(private readonly clock: Clock) {}

  /** Takes the cost of one transaction; answers the seconds to wait where it does not fit any more. */
  take(limits: VaultLimits, cost: { readonly units: number; readonly creations: number }): number | null {
    const now = this.clock.monotonic();
    if (now >= this.windowEndsAt) {
      this.windowEndsAt = now + WINDOW_MS;
      this.units = 0;
      this.creations = 0;
    }
    if (this.units + cost.units > limits.units || this.creations + cost.creations > limits.creations) {
      return Math.max(1, Math.ceil((this.windowEndsAt - now) / 1000));
    }
    this.units += cost.units;
    this.creations += cost.creations;
    return null;
  }
}

/** HSM keys have half the limit of software keys, so each of their transactions weighs twice. */
export function weightOf(size: number, hsm: boolean): number {
  return (WEIGHTS[size] ?? 1) * (hsm ? 2 : 1);
}
