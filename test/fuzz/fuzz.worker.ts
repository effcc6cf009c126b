import { parentPort, workerData } from 'node:worker_threads';
import { Fuzz, type FuzzRange } from './fuzz-run.js';

interface Task extends FuzzRange {
  readonly drop: string | null;
}

function taskOf(data: unknown): Task {
  return data as Task;
}

/** One share of a run. Posts what it has counted so far now and then, and at its end with `done`. */
const { drop, ...range } = taskOf(workerData);
const fuzz = new Fuzz();
const options = {
  progress: (counts: unknown): boolean => {
    parentPort?.postMessage({ done: false, counts });
    return true;
  },
};
const counts = await (drop === null ? fuzz.run(range, options) : fuzz.runWithout(drop, range, options));
parentPort?.postMessage({ done: true, counts });
