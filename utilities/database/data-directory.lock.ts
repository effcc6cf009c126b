import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CodedError } from '#utilities/errors/coded-error.js';

const LOCK_FILE = 'countersign.lock';

/** Files that this very process holds: after a crash in a container the stale file often names the pid that we have now. */
const held = new Set<string>();

/**
 * Takes the data directory for this process alone; the embedded engine has no lock of its own, and two processes on one
 * directory lose rows without a word. Answers the function that gives it back.
 *
 * @throws CodedError `DATA_DIRECTORY_LOCKED`
 */
export function lockDataDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(resolve(directory), LOCK_FILE);
  if (!create(file)) replaceStale(file);
  held.add(file);
  return () => {
    if (held.delete(file)) rmSync(file, { force: true });
  };
}

function create(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Moves the lock of a dead process away under a name of our own and looks at it again there: of several processes that find
 * the same stale file, only one can move it, and whoever moved a live one puts it back.
 */
function replaceStale(file: string): void {
  refuseIfHeld(file, file);
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    throw locked(file);
  }
  try {
    refuseIfHeld(aside, file);
  } catch (error) {
    renameSync(aside, file);
    throw error;
  }
  rmSync(aside, { force: true });
  if (!create(file)) throw locked(file);
}

function refuseIfHeld(readable: string, file: string): void {
  const owner = ownerOf(readable);
  // A file without a pid is one that another process is just writing.
  if (owner === undefined || held.has(file) || isRunning(owner)) throw locked(file, owner);
}

function ownerOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether another process has this id. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and belongs to somebody else.
    return hasCode(error, 'EPERM');
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function locked(file: string, owner?: number): CodedError {
  const holder = owner === undefined ? 'another process' : `process ${owner}`;
  return new CodedError('DATA_DIRECTORY_LOCKED', {
    actual: `${holder} holds ${file}`,
    expected: `a data directory that no other process uses: stop ${holder}, or use another directory or PostgreSQL`,
  });
}
