import { setTimeout as delay } from 'node:timers/promises';

/** Waits for what another process, or the database, will bring about; fails with `what` if it does not within 10 s. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain until ${what}`);
    await delay(10);
  }
}
