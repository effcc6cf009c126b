/** What came back since the counts were taken last. */
export interface Counts {
  granted: number;
  shed: number;
  /** Any other status, and connections that broke. */
  failed: number;
}

export class AnswerCounts {
  private counts: Counts = { granted: 0, shed: 0, failed: 0 };

  answered(status: number): void {
    if (status === 200) this.counts.granted += 1;
    else if (status === 503 || status === 429) this.counts.shed += 1;
    else this.counts.failed += 1;
  }

  broke(): void {
    this.counts.failed += 1;
  }

  take(): Counts {
    const taken = this.counts;
    this.counts = { granted: 0, shed: 0, failed: 0 };
    return taken;
  }
}
