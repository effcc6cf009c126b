import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports that the system gives to outgoing connections and to servers without a wish begin at 32,768 on Linux: a port from there that is
 * free now is often taken a moment later. These stay below, and processes that run side by side mostly have different shares.
 */
const FIRST = 15_000;
const SHARE_SIZE = 500;
const SHARES = 34;

const share = FIRST + (process.pid % SHARES) * SHARE_SIZE;

let next = randomInt(SHARE_SIZE);

/** A port of 127.0.0.1 that is free now, and that this process has not given away lately. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < SHARE_SIZE; attempt += 1) {
    next = (next + 1) % SHARE_SIZE;
    if (await isFree(share + next)) return share + next;
  }
  throw new Error(`no port of 127.0.0.1 is free from ${String(share)} to ${String(share + SHARE_SIZE)}`);
}

/** Whether nobody listens at this port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
