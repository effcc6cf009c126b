/** CPU time of a process tree from /proc: user and system time of every process in it, and of its children that have ended. */
import { readdirSync, readFileSync } from 'node:fs';

/** The unit of /proc/PID/stat on Linux: 10 ms, on every architecture that Node runs on. */
const microsecondsPerTick = 10_000;

export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly cpuMicroseconds: number;
}

export function canReadCpuTime(): boolean {
  return process.platform === 'linux';
}

/** `undefined` for a process that is gone. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The command may hold spaces and brackets, so fields are counted from the last bracket. */
export function parseStat(text: string): ProcessStat {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text
    .slice(close + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
  return {
    pid: Number.parseInt(text, 10),
    parent,
    command: text.slice(open + 1, close),
    cpuMicroseconds: ticks * microsecondsPerTick,
  };
}

export function treeCpuMicroseconds(root: number): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  return sumTree(root, stats);
}

export function sumTree(root: number, stats: readonly ProcessStat[]): number {
  const own = stats.find((stat) => stat.pid === root)?.cpuMicroseconds ?? 0;
  return stats.filter((stat) => stat.parent === root).reduce((sum, child) => sum + sumTree(child.pid, stats), own);
}
