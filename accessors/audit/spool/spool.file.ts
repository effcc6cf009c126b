import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LinkedBatch } from '../chain/audit-chain.js';
import { fileFault } from '../write-fault.js';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1_048_576;

/**
 * Batches that wait for the database, one a line, in the order in which they were made. Whatever is in it is on the disk; a line
 * that was cut off when the process ended was never answered for, and does not count.
 */
export class SpoolFile {
  /** Up to here, everything is in the database. */
  shipped = 0;
  private bytes = 0;

  private constructor(
    private readonly file: FileHandle,
    private name: string,
  ) {}

  static async open(name: string): Promise<SpoolFile> {
    const file = await open(name, 'a+', 0o600);
    const spool = new SpoolFile(file, name);
    // A new name is on the disk only when its folder is.
    await syncFolder(dirname(name));
    spool.bytes = await spool.endOfLastLine();
    await file.truncate(spool.bytes);
    return spool;
  }

  get size(): number {
    return this.bytes;
  }

  /** On the disk when it returns. */
  async append(line: string): Promise<void> {
    const written = `${line}\n`;
    try {
      await this.file.appendFile(written, 'utf8');
      await this.file.datasync();
    } catch (error) {
      // Half a line must not be in front of the next one.
      await this.file.truncate(this.bytes).catch(() => undefined);
      throw error;
    }
    this.bytes += Buffer.byteLength(written);
  }

  /** Whether it is still there under its name. `false`: another process has taken it, and may have read it to its end before. */
  async isInPlace(): Promise<boolean> {
    try {
      const [there, own] = await Promise.all([stat(this.name, { bigint: true }), this.file.stat({ bigint: true })]);
      return there.ino === own.ino && there.dev === own.dev;
    } catch (error) {
      if (fileFault(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** The first line that was not shipped, and where the next one begins; `undefined`: there is none. */
  async nextLine(): Promise<{ readonly line: string; readonly next: number } | undefined> {
    const parts: Buffer[] = [];
    for (let at = this.shipped; at < this.bytes;) {
      const { buffer, bytesRead } = await this.file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
      const end = buffer.subarray(0, bytesRead).indexOf(NEWLINE);
      parts.push(buffer.subarray(0, end < 0 ? bytesRead : end));
      if (end >= 0) return { line: Buffer.concat(parts).toString('utf8'), next: at + end + 1 };
      if (bytesRead === 0) return undefined;
      at += bytesRead;
    }
    return undefined;
  }

  async clear(): Promise<void> {
    await this.file.truncate(0);
    await this.file.datasync();
    this.bytes = 0;
    this.shipped = 0;
  }

  /** Shows others that whoever has it lives. */
  async touch(now: Date): Promise<void> {
    await this.file.utimes(now, now);
  }

  /** Takes the file away, or leaves it under that name for whoever comes next. */
  async leave(name: string | undefined): Promise<void> {
    if (await this.isInPlace()) {
      if (name === undefined) await rm(this.name, { force: true });
      else await rename(this.name, name);
    }
    await this.file.close();
  }

  private async endOfLastLine(): Promise<number> {
    let { size: at } = await this.file.stat();
    while (at > 0) {
      const length = Math.min(CHUNK_BYTES, at);
      const { buffer } = await this.file.read(Buffer.alloc(length), 0, length, at - length);
      const end = buffer.lastIndexOf(NEWLINE);
      if (end >= 0) return at - length + end + 1;
      at -= length;
    }
    return 0;
  }
}

async function syncFolder(name: string): Promise<void> {
  const folder = await open(name, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export function spoolLine({ head, rows }: LinkedBatch): string {
  return `{"head":${JSON.stringify(head)},"rows":[${rows.join(',')}]}`;
}

export function batchOf(line: string): LinkedBatch {
  const { head, rows } = JSON.parse(line) as { readonly head: LinkedBatch['head']; readonly rows: readonly object[] };
  return { head, rows: rows.map((row) => JSON.stringify(row)) };
}

/** Some of the rows, with the head that they end at. */
export function partOf({ rows }: LinkedBatch, from: number, until: number): LinkedBatch {
  const part = rows.slice(from, until);
  const { chain, sequence, hash } = JSON.parse(part.at(-1) ?? '{}') as LinkedBatch['head'];
  // As a column has it: `\x` goes before the digits.
  return { rows: part, head: { chain, sequence, hash: hash.slice(2) } };
}
