import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are held after everything that can go is gone: the heap and what it holds outside. Takes seconds where much is held. */
export async function heldBytes(): Promise<number> {
  // What was closed is let go in the rounds of the event loop that follow.
  for (let round = 0; round < 10; round += 1) await new Promise((resolve) => setImmediate(resolve));
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
