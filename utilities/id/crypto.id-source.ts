import { randomFillSync, randomUUID } from 'node:crypto';
import type { Clock } from '#utilities/clock/contract.js';
import type { IdSource } from './contract.js';

const COUNTER_LIMIT = 0x1000;
const RANDOM_BYTES = 10;
const POOL_BYTES = 1_280;

/**
 * UUIDs from the system's random source. Ordered ones grow strictly within a process, also within one millisecond and when the
 * wall clock steps back: twelve bits count from a random start (RFC 9562 §6.2, method 1), and a count that overflows borrows the
 * next millisecond.
 */
export class CryptoIdSource implements IdSource {
  private readonly clock: Clock;
  private readonly pool = Buffer.alloc(POOL_BYTES);
  private used = POOL_BYTES;
  private millisecond = -1;
  private counter = 0;

  constructor(deps: { readonly clock: Clock }) {
    this.clock = deps.clock;
  }

  random(): string {
    return randomUUID();
  }

  ordered(): string {
    const bytes = this.freshBytes();
    this.advance(bytes);
    bytes.copyWithin(6, 0, RANDOM_BYTES);
    bytes.writeUIntBE(this.millisecond, 0, 6);
    bytes.writeUInt16BE(0x7000 | this.counter, 6);
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** A new millisecond starts its count in the lower half, so that at least 2048 more fit before it overflows. */
  private advance(bytes: Buffer): void {
    const now = this.clock.now();
    if (now > this.millisecond) {
      this.millisecond = now;
      this.counter = bytes.readUInt16BE(0) & 0x7ff;
      return;
    }
    this.counter++;
    if (this.counter < COUNTER_LIMIT) return;
    this.millisecond++;
    this.counter = bytes.readUInt16BE(0) & 0x7ff;
  }

  /** Sixteen bytes, the first ten of them random and never handed out before. */
  private freshBytes(): Buffer {
    if (this.used + RANDOM_BYTES > POOL_BYTES) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    const bytes = Buffer.alloc(16);
    this.pool.copy(bytes, 0, this.used, this.used + RANDOM_BYTES);
    this.used += RANDOM_BYTES;
    return bytes;
  }
}
