import { LRUCache } from 'lru-cache';
import type { Clock } from '#utilities/clock/contract.js';
import { DirectoryFault } from './directory-fault.js';

interface Hold {
  readonly fault: DirectoryFault;
  /** Monotonic milliseconds. */
  readonly until: number;
  /** Faults in a row. */
  readonly faults: number;
}

const MOST_HELD = 10_000;
const LONGEST_BACK_OFF_SECONDS = 30;
const MISCONFIGURED_SECONDS = 15;

/**
 * Who is not to be asked again yet: as long as Retry-After says, or 1, 2, 4 … 30 s. During that time everybody is answered with
 * the fault that led here, so that an outage or a throttled application never turns into a storm.
 */
export class Holds {
  private readonly holds = new LRUCache<string, Hold>({ max: MOST_HELD });

  constructor(private readonly clock: Clock) {}

  /** @throws DirectoryFault with the seconds that are left */
  check(key: string): void {
    const hold = this.holds.get(key);
    const left = hold === undefined ? 0 : hold.until - this.clock.monotonic();
    if (hold === undefined || left <= 0) return;
    throw new DirectoryFault(hold.fault.kind, `${hold.fault.message} (not asked again yet)`, {
      retryAfterSeconds: Math.ceil(left / 1000),
    });
  }

  /** Notes a fault; answers it with the seconds to wait. */
  note(key: string, fault: DirectoryFault): DirectoryFault {
    const now = this.clock.monotonic();
    const known = this.holds.get(key);
    // What was under way when the hold began fails for the same reason and does not lengthen it.
    const isRepeat = known !== undefined && known.until > now;
    const faults = isRepeat ? known.faults : (known?.faults ?? 0) + 1;
    const seconds = waitSeconds(fault, faults);
    const until = Math.max(isRepeat ? known.until : 0, now + seconds * 1000);
    this.holds.set(key, { fault, until, faults });
    return new DirectoryFault(fault.kind, fault.message, { retryAfterSeconds: seconds });
  }

  clear(key: string): void {
    this.holds.delete(key);
  }
}

function waitSeconds(fault: DirectoryFault, faults: number): number {
  if (fault.kind === 'misconfigured') return MISCONFIGURED_SECONDS;
  return fault.retryAfterSeconds ?? Math.min(LONGEST_BACK_OFF_SECONDS, 2 ** (faults - 1));
}
