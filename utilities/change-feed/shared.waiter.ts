import type { Waiter } from '#utilities/database/contract.js';

/** All who wait for one and the same read. It is gone when the last of them is; whoever is nobody in particular never goes. */
export class SharedWaiter implements Waiter {
  private waiting = 0;
  private left = false;
  private readonly listeners = new Set<() => void>();

  get isGone(): boolean {
    return this.left;
  }

  /** Not once it is gone: the read has been given up. */
  join(waiter: Waiter | undefined): void {
    this.waiting += 1;
    if (waiter?.isGone === true) this.leave();
    else
      waiter?.onGone(() => {
        this.leave();
      });
  }

  onGone(left: () => void): () => void {
    this.listeners.add(left);
    return () => {
      this.listeners.delete(left);
    };
  }

  private leave(): void {
    this.waiting -= 1;
    if (this.waiting > 0) return;
    this.left = true;
    for (const left of this.listeners) left();
  }
}
