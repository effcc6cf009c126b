import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { Logger } from '#utilities/logging/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/**
 * The newest keyring epoch of each installation that this host has seen, kept apart from the database: a database that comes
 * back older than that was restored, and holds keys as usable that were stopped since.
 */
export class EpochFloorFile {
  private known: ReadonlyMap<string, number> | undefined;
  private warned = false;

  constructor(private readonly deps: { readonly path: string; readonly logger: Logger }) {}

  /** @throws CodedError `KEYRING_FLOOR_UNREADABLE` when the file is there and cannot be understood */
  of(installation: string): number {
    return this.read().get(installation) ?? 0;
  }

  /**
   * As `of`, as it is at this moment. Take it before reading the database: a floor that is raised meanwhile, by a change that was
   * committed meanwhile, would make what was read look restored.
   *
   * @throws CodedError `KEYRING_FLOOR_UNREADABLE`
   */
  seen(): (installation: string) => number {
    const floors = this.read();
    return (installation) => floors.get(installation) ?? 0;
  }

  /** Where the folder cannot be written to, the floor holds for the life of the process alone; the log says so once. */
  raise(installation: string, epoch: number): void {
    if (installation === '' || epoch <= this.of(installation)) return;
    // Another process may have raised it in the meantime.
    const floors = new Map(this.load());
    floors.set(installation, Math.max(epoch, floors.get(installation) ?? 0));
    this.known = floors;
    try {
      this.write(floors);
    } catch (error) {
      if (!this.warned)
        this.deps.logger.warn('keyring.floor_not_kept', { reason: error instanceof Error ? error.name : 'unknown' });
      this.warned = true;
    }
  }

  private read(): ReadonlyMap<string, number> {
    this.known ??= this.load();
    return this.known;
  }

  private load(): ReadonlyMap<string, number> {
    let text: string;
    try {
      text = readFileSync(this.deps.path, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return new Map();
      throw this.unreadable(cause);
    }
    try {
      return floorsIn(JSON.parse(text));
    } catch (cause) {
      throw this.unreadable(cause);
    }
  }

  /** A reader sees the old file or the new one, also after a power cut. */
  private write(floors: ReadonlyMap<string, number>): void {
    const draft = `${this.deps.path}.${String(process.pid)}`;
    const file = openSync(draft, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify(Object.fromEntries(floors))}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, this.deps.path);
  }

  private unreadable(cause: unknown): CodedError {
    return new CodedError('KEYRING_FLOOR_UNREADABLE', { internal: this.deps.path, cause });
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

/** @throws Error when it is not a record of epochs */
function floorsIn(document: unknown): ReadonlyMap<string, number> {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw new Error('not a record');
  return new Map(
    Object.entries(document).map(([installation, epoch]: [string, unknown]) => {
      if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch) || epoch < 0) throw new Error('not an epoch');
      return [installation, epoch];
    }),
  );
}
