const SHARE = 0.1;
const MOST_SAVED = 10;

/**
 * Repetitions are at most a tenth of all calls over time: a vault in trouble is not asked three times as much.
 */
export class RetryBudget {
  private saved = MOST_SAVED;

  /** One call was made. */
  earn(): void {
    this.saved = Math.min(this.saved + SHARE, MOST_SAVED);
  }

  /** Answers whether one more repetition is within the budget, and takes it. */
  spend(): boolean {
    if (this.saved < 1) return false;
    this.saved -= 1;
    return true;
  }
}
