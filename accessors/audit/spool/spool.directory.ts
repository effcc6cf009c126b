import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '#utilities/errors/coded-error.js';
import { fileFault } from '../write-fault.js';

const LOCK = 'spool.lock';

/**
 * Takes the folder for this process; answers what lets it go. A lock whose process is gone is replaced.
 *
 * @throws CodedError `DATA_DIRECTORY_LOCKED` when another process has it
 */
export function takeSpoolDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = join(directory, LOCK);
  for (let tries = 0; tries < 3; tries += 1) {
    if (placed(lock)) return () => rmSync(lock, { force: true });
    const holder = holderOf(lock);
    if (isAlive(holder)) throw new CodedError('DATA_DIRECTORY_LOCKED', { actual: `${directory}: process ${String(holder)}` });
    rmSync(lock, { force: true });
  }
  throw new CodedError('DATA_DIRECTORY_LOCKED', { actual: directory });
}

function placed(lock: string): boolean {
  try {
    const file = openSync(lock, 'wx', 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (fileFault(error) === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(lock: string): number {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return 0;
  }
}

/** In a container every process has the number that the one before it had: one of our own number was another's. */
function isAlive(holder: number): boolean {
  if (!Number.isInteger(holder) || holder <= 0 || holder === process.pid) return false;
  try {
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return fileFault(error) === 'EPERM';
  }
}
