import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const MEBIBYTE = 1024 * 1024;
const collect = runInNewContext('gc') as () => void;

/** Bytes that are held after everything that can go is gone: the heap and what it holds outside. Takes seconds where much is held. */
export async function heldBytes(): Promise<number> {
  // What was closed is let go in the rounds of the event loop that follow.
  for (let round = 0; round < 10; round += 1) await new Promise((resolve) => setImmediate(resolve));
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** As `heldBytes`, once what goes only after something else has gone is gone, too. */
export async function settledBytes(): Promise<number> {
  let before = await heldBytes();
  for (let round = 0; round < 8; round += 1) {
    const now = await heldBytes();
    if (before - now < MEBIBYTE) return now;
    before = now;
  }
  return before;
}
