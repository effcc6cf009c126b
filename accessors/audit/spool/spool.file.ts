import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinkedBatch } from '../chain/audit-chain.js';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1_048_576;

/**
 * Batches that wait for the database, one a line, in the order in which they were made. Whatever is in it is on the disk; a line
 * that was cut off when the process ended was never answered for, and does not count.
 */
export class SpoolFile {
  private bytes = 0;

  private constructor(private readonly file: FileHandle) {}

  static async open(directory: string): Promise<SpoolFile> {
    const file = await open(join(directory, 'records.spool'), 'a+', 0o600);
    const spool = new SpoolFile(file);
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

  /** The line that begins there, and where the next one does; `undefined`: there is none. */
  async lineAt(from: number): Promise<{ readonly line: string; readonly next: number } | undefined> {
    const parts: Buffer[] = [];
    for (let at = from; at < this.bytes;) {
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
  }

  close(): Promise<void> {
    return this.file.close();
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

export function spoolLine({ head, rows }: LinkedBatch): string {
  return `{"head":${JSON.stringify(head)},"rows":[${rows.join(',')}]}`;
}

export function batchOf(line: string): LinkedBatch {
  const { head, rows } = JSON.parse(line) as { readonly head: LinkedBatch['head']; readonly rows: readonly object[] };
  return { head, rows: rows.map((row) => JSON.stringify(row)) };
}
