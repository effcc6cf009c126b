import type { PublishedKey } from '#accessors/key/contract.js';

/** A shared cache between verifiers and us, which hands out its copy for as long as it may. */
export class EdgeCache {
  private copy: readonly PublishedKey[] | undefined;
  private copiedAt = 0;

  constructor(
    private readonly deps: {
      readonly keepSeconds: number;
      /** Seconds. */
      readonly now: () => number;
      readonly origin: () => Promise<readonly PublishedKey[]>;
    },
  ) {}

  async fetch(): Promise<readonly PublishedKey[]> {
    const { keepSeconds, now, origin } = this.deps;
    if (this.copy === undefined || now() - this.copiedAt >= keepSeconds) {
      this.copy = await origin();
      this.copiedAt = now();
    }
    return this.copy;
  }
}
