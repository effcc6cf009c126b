import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

const WINDOW_SECONDS = 10;
/** Of the limit, how much may be used at one moment. The rest is spread over the window, so that no window holds more than the limit. */
const BURST_SHARE = 0.1;

/**
 * Keeps what this process asks of a vault below the vault's own limit for each 10 seconds, and sheds the rest at once: what a
 * vault refuses costs as much time as what it does.
 *
 * INVARIANT: a bucket of a tenth of the limit that fills with nine tenths of it in 10 s lets no 10 s, wherever they begin, hold
 * more than the limit.
 */
export class SigningRateGuard {
  private readonly capacity: number;
  private readonly perMs: number;
  private units: number;
  private filledAt: number;

  constructor(private readonly deps: { readonly clock: Clock; readonly unitsPer10Seconds: number }) {
    this.capacity = Math.max(deps.unitsPer10Seconds * BURST_SHARE, 1);
    this.perMs = Math.max(deps.unitsPer10Seconds - this.capacity, 0.1) / (WINDOW_SECONDS * 1_000);
    this.units = this.capacity;
    this.filledAt = deps.clock.monotonic();
  }

  /**
   * Takes the units of one signature: 1 for P-256 and RSA-2048, 4 for RSA-3072, 8 for RSA-4096.
   *
   * @throws CodedError `SIGNING_THROTTLED`
   */
  take(units: number): void {
    const now = this.deps.clock.monotonic();
    this.units = Math.min(this.units + (now - this.filledAt) * this.perMs, this.capacity);
    this.filledAt = now;
    // A signature that weighs more than the bucket holds waits for a full one, and leaves it in debt.
    const needed = Math.min(units, this.capacity);
    if (this.units >= needed) {
      this.units -= units;
      return;
    }
    const retryAfterSeconds = Math.max(1, Math.ceil((needed - this.units) / this.perMs / 1_000));
    throw new CodedError('SIGNING_THROTTLED', { retryAfterSeconds, internal: 'the rate guard of the vault' });
  }
}
