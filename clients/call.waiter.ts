import type { Waiter } from '#utilities/database/contract.js';

/** The caller of one request. It goes when it hangs up, when its time is over or when the service gives up; not when it was answered. */
export class CallWaiter implements Waiter {
  private left = false;
  private answered = false;
  /** Made when there is one: most callers wait for what is in memory. */
  private listeners: Set<() => void> | undefined;

  get isGone(): boolean {
    return this.left;
  }

  onGone(left: () => void): () => void {
    const listeners = (this.listeners ??= new Set());
    listeners.add(left);
    return () => {
      listeners.delete(left);
    };
  }

  /** What was begun for the caller and nobody waits for (a policy that is tried out, a record) goes on. */
  answer(): void {
    this.answered = true;
  }

  go(): void {
    if (this.left || this.answered) return;
    this.left = true;
    for (const left of this.listeners ?? []) left();
  }
}
