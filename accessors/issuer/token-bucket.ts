/** Holds back attempts: `burst` at once, then one for each refill. Counts attempts, whatever becomes of them. */
export class TokenBucket {
  private tokens: number;
  private countedAt: number;

  constructor(
    private readonly burst: number,
    private readonly refillMs: number,
    now: number,
  ) {
    this.tokens = burst;
    this.countedAt = now;
  }

  /** Takes one token if there is one. `now` is monotonic milliseconds. */
  tryTake(now: number): boolean {
    const refilled = Math.floor((now - this.countedAt) / this.refillMs);
    if (refilled > 0) {
      this.tokens = Math.min(this.burst, this.tokens + refilled);
      this.countedAt += refilled * this.refillMs;
    }
    if (this.tokens === 0) return false;
    // A full bucket does not save up time: the next refill counts from the first token taken.
    if (this.tokens === this.burst) this.countedAt = now;
    this.tokens -= 1;
    return true;
  }
}
