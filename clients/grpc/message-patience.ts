interface Waiting {
  readonly since: number;
  readonly overdue: () => void;
}

/** As the HTTP port looks at its connections. */
const LOOK_EVERY_MS = 2_000;
/** 10 s, and up to one look more. */
const LOOKS = 5;

/**
 * How long a call may take to say what it wants: 10 to 12 s from its metadata to the end of its message, as the HTTP port gives a
 * body. One timer looks at all that wait.
 */
export class MessagePatience {
  private readonly waiting = new Set<Waiting>();
  private looks = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly lookEveryMs = LOOK_EVERY_MS) {}

  /** @param overdue called once, unless what is returned is called before */
  await(overdue: () => void): () => void {
    const entry = { since: this.looks, overdue };
    this.waiting.add(entry);
    this.timer ??= setInterval(() => this.look(), this.lookEveryMs).unref();
    return () => this.waiting.delete(entry);
  }

  private look(): void {
    this.looks += 1;
    for (const entry of this.waiting) {
      // In the order of their beginning: those that follow are younger.
      if (this.looks - entry.since <= LOOKS) break;
      this.waiting.delete(entry);
      entry.overdue();
    }
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
