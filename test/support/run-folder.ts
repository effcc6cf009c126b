import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What all workers of one test run share; of this process alone when the global set-up did not run. */
const RUN_FOLDER = process.env['COUNTERSIGN_TEST_RUN'] ?? mkdtempSync(join(tmpdir(), 'countersign-test-'));

/** Starts the names of everything that the run makes outside its folder. */
export const RUN_NAME = basename(RUN_FOLDER).replaceAll('-', '_').toLowerCase();

/** The process that the run ends with. */
export function guardianPid(): number {
  try {
    return Number(readFileSync(join(RUN_FOLDER, 'guardian'), 'utf8'));
  } catch {
    return process.pid;
  }
}

/** Makes the file `name` exactly once in a run, however many workers ask for it; answers its path when it is there. */
export async function oncePerRun(name: string, make: () => Promise<string | Uint8Array>): Promise<string> {
  const file = join(RUN_FOLDER, name);
  while (!existsSync(file)) {
    if (await makeUnderLock(file, make)) return file;
    await delay(25);
  }
  return file;
}

async function makeUnderLock(file: string, make: () => Promise<string | Uint8Array>): Promise<boolean> {
  const lock = `${file}.lock`;
  try {
    mkdirSync(lock);
  } catch {
    return false;
  }
  try {
    if (existsSync(file)) return true;
    writeFileSync(`${file}.new`, await make());
    renameSync(`${file}.new`, file);
    return true;
  } finally {
    rmSync(lock, { recursive: true });
  }
}
