/** Ids that end within the same span are forgotten together. */
const SPAN_SECONDS = 30;

export type Remembered = 'new' | 'known' | 'no-room';

/**
 * Ids that this process has seen used, until they end. Bounded: at most `capacity` ids, each at most 128 bytes (its digest and its
 * place in a set), whatever their own length. What has not ended is never forgotten for something new.
 */
export class UsedIdMemory {
  /** By the span in which they end. There are as many as the longest life of an id has spans. */
  private readonly spans = new Map<number, Set<string>>();
  private held = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.held;
  }

  /** @param now Unix seconds, as `until` */
  remember(digest: string, until: number, now: number): Remembered {
    for (const span of this.spans.values()) if (span.has(digest)) return 'known';
    if (this.held >= this.capacity) this.forgetEnded(now);
    if (this.held >= this.capacity) return 'no-room';
    this.spanOf(until).add(digest);
    this.held += 1;
    return 'new';
  }

  private spanOf(until: number): Set<string> {
    const end = Math.floor(until / SPAN_SECONDS);
    let span = this.spans.get(end);
    if (span === undefined) {
      span = new Set();
      this.spans.set(end, span);
    }
    return span;
  }

  private forgetEnded(now: number): void {
    for (const [end, { size }] of this.spans) {
      if ((end + 1) * SPAN_SECONDS > now) continue;
      this.spans.delete(end);
      this.held -= size;
    }
  }
}
