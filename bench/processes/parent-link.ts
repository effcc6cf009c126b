/** The child's side of a measured process: its task, its ready message, its CPU time where /proc is missing, and its end. */
import type { AddressInfo } from 'node:net';

export type ParentMessage = 'cpu' | 'stop';

/** The task that the parent gave on the command line. Parent and child are of one build, so the caller need not check it again. */
export function readTask(): unknown {
  const task = process.argv[2];
  if (task === undefined) throw new Error('started without a task: run `npm run bench`');
  return JSON.parse(task);
}

/** Says that the process is ready and ends it when the parent asks, or is gone however it ended. */
export function joinParent(ready: object, stop: () => unknown): void {
  const end = async (): Promise<void> => {
    await stop();
    process.exit(0);
  };
  // Ctrl-C reaches the whole group; the parent decides in which order it ends.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    if (message === 'stop') void end();
    if (message === 'cpu') process.send?.({ kind: 'cpu', microseconds: ownCpuMicroseconds() });
  });
  process.send?.({ kind: 'ready', ...ready });
}

export function ownCpuMicroseconds(): number {
  const usage = process.cpuUsage();
  return usage.user + usage.system;
}

export function listening(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server is not on a TCP port');
  return address.port;
}
