/** Which core runs what: the measured server alone on one, everything else on another. */
import { execFileSync, spawnSync } from 'node:child_process';

export interface Pinning {
  /** Cores for the measured servers and for the rest; `null` when this machine cannot pin. */
  readonly server: number | null;
  readonly rest: number | null;
  /** Why nothing is pinned. */
  readonly reason: string | null;
}

/** Moves this process to the second core, so that what it starts stays there unless it is told otherwise. */
export function pin(): Pinning {
  const allowed = allowedCores();
  if (allowed.length === 0) return unpinned('no taskset on this machine');
  const [server, rest] = allowed;
  if (server === undefined || rest === undefined) return unpinned('one core only');
  execFileSync('taskset', ['-a', '-c', '-p', String(rest), String(process.pid)], { stdio: 'ignore' });
  return { server, rest, reason: null };
}

function unpinned(reason: string): Pinning {
  return { server: null, rest: null, reason };
}

/** Reads "pid 1's current affinity list: 0-3,8". */
function allowedCores(): number[] {
  const answer = spawnSync('taskset', ['-c', '-p', String(process.pid)], { encoding: 'utf8' });
  const list = answer.status === 0 ? answer.stdout.split(':')[1] : undefined;
  return (list ?? '').split(',').flatMap((range) => {
    const [first, last = first] = range.trim().split('-');
    const start = Number.parseInt(first ?? '', 10);
    const end = Number.parseInt(last ?? '', 10);
    return Number.isNaN(start) || Number.isNaN(end) ? [] : Array.from({ length: end - start + 1 }, (_, index) => start + index);
  });
}
