import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#utilities/clock/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import { fileFault } from '../write-fault.js';
import { SpoolFile } from './spool.file.js';

/** Six times as long as whoever lives goes without showing it. */
const DEAD_AFTER_MS = 30_000;
const SPOOL = /^(?:records|left).*\.spool$/;

/** Another process's file as it was seen first in this state, by our clock alone. */
interface Seen {
  readonly state: string;
  readonly since: number;
}

interface Dependencies {
  readonly directory: string;
  readonly ids: Pick<IdSource, 'random'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * The folder of spools. Each process, which has a random name, writes to a file of its own, so that no two of them ever write to the
 * same one, whatever numbers the system gives them. A file that nobody has shown to be his for a while is taken by renaming it,
 * which one alone can do. Whoever was thought dead and is not finds his file gone after he has written to it, and writes again
 * elsewhere; ids settle what is shipped twice.
 */
export class SpoolDirectory {
  private readonly name: string;
  private readonly seen = new Map<string, Seen>();
  private taken = 0;

  constructor(private readonly deps: Dependencies) {
    this.name = deps.ids.random();
  }

  /** The file of this process. */
  async own(): Promise<SpoolFile> {
    await this.prepare();
    return SpoolFile.open(join(this.deps.directory, `records-${this.name}.spool`));
  }

  /** Takes what nobody has any more; with it, how much of others remains. */
  async takeOver(): Promise<{ readonly files: readonly SpoolFile[]; readonly othersBytes: number }> {
    await this.prepare();
    const files: SpoolFile[] = [];
    let othersBytes = 0;
    for (const name of await readdir(this.deps.directory)) {
      if (!SPOOL.test(name) || name.includes(this.name)) continue;
      const found = await this.look(name);
      const file = found?.isLeft === true ? await this.take(name) : undefined;
      if (file === undefined) othersBytes += found?.size ?? 0;
      else files.push(file);
    }
    return { files, othersBytes };
  }

  /** Under which name a file is left that others may take at once. */
  leftName(): string {
    return join(this.deps.directory, `left-${this.deps.ids.random()}.spool`);
  }

  private async prepare(): Promise<void> {
    await mkdir(this.deps.directory, { recursive: true, mode: 0o700 });
  }

  private async look(name: string): Promise<{ readonly size: number; readonly isLeft: boolean } | undefined> {
    try {
      const { size, mtimeMs } = await stat(join(this.deps.directory, name));
      if (name.startsWith('left')) return { size, isLeft: true };
      const state = `${String(size)} ${String(mtimeMs)}`;
      const now = this.deps.clock.monotonic();
      const before = this.seen.get(name);
      const since = before?.state === state ? before.since : now;
      this.seen.set(name, { state, since });
      return { size, isLeft: now - since >= DEAD_AFTER_MS };
    } catch (error) {
      if (fileFault(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async take(name: string): Promise<SpoolFile | undefined> {
    const mine = join(this.deps.directory, `records-${this.name}.${String((this.taken += 1))}.spool`);
    try {
      await rename(join(this.deps.directory, name), mine);
    } catch (error) {
      // Another was quicker.
      if (fileFault(error) === 'ENOENT') return undefined;
      throw error;
    }
    this.seen.delete(name);
    return SpoolFile.open(mine);
  }
}
