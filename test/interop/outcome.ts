/** A program or a registry that is not here, so that nothing is said of it. */
export class Skipped extends Error {}

/** One thing that was looked at. */
export interface Case {
  readonly name: string;
  /** `null`: as it should be. */
  readonly fault: string | null;
}

/** What one check looked at, in order. A case that fails does not stop the others. */
export class Cases {
  readonly seen: Case[] = [];

  async hold(name: string, work: () => unknown): Promise<void> {
    try {
      await work();
      this.seen.push({ name, fault: null });
    } catch (error) {
      this.seen.push({ name, fault: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Adds what another program judged. */
  take(cases: readonly Case[]): void {
    this.seen.push(...cases);
  }
}
