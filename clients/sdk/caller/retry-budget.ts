const MOST = 10;
const EARNED_BY_A_CALL = 0.1;

/**
 * How many retries there may be: one for ten calls, and ten at once. SECURITY: where everything fails, retries add a tenth to the
 * load and do not multiply it.
 */
export class RetryBudget {
  private left = MOST;

  /** A call was made for its own sake. */
  earn(): void {
    this.left = Math.min(MOST, this.left + EARNED_BY_A_CALL);
  }

  /** Whether there may be a retry now. */
  take(): boolean {
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}
