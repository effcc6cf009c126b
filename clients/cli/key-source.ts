import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ImportKeyRequest } from '#managers/keyring/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

export interface KeySource {
  readonly file?: string;
  readonly backend?: string;
  readonly reference?: string;
}

const MOST_BYTES = 16 * 1024;

/**
 * SECURITY: a private key comes from a file that its owner alone may read, or through a pipe. There is no option that holds one: arguments
 * are seen by every process of the machine, and kept by shells.
 *
 * @throws CodedError `REQUEST_PARAMETER_INVALID`, `KEY_IMPORT_REFUSED`
 */
export async function keySource({ file, backend, reference }: KeySource): Promise<ImportKeyRequest['from']> {
  if (file === undefined && backend !== undefined && reference !== undefined) return { backend, reference };
  if (file === undefined || backend !== undefined || reference !== undefined) {
    throw new CodedError('REQUEST_PARAMETER_INVALID', { field: 'file', expected: '--file, or --backend with --reference' });
  }
  return { privateKey: file === '-' ? await fromStandardInput() : await fromFile(file) };
}

async function fromFile(file: string): Promise<Buffer> {
  // A pipe in place of the file must not hold us up; what is checked is the open file, not its name.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw new CodedError('KEY_IMPORT_REFUSED', { actual: `${file} cannot be opened`, cause });
  });
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > MOST_BYTES) throw refused(`${file} is not a file of at most 16 KiB`);
    if (process.getuid !== undefined && (found.mode & 0o077) !== 0) {
      throw refused(`mode of ${file} is 0${(found.mode & 0o777).toString(8)}; expected 0400 or 0600`);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function fromStandardInput(): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length > MOST_BYTES) throw refused('standard input has more than 16 KiB');
  }
  const content = Buffer.concat(parts);
  for (const part of parts) part.fill(0);
  return content;
}

function refused(actual: string): CodedError {
  return new CodedError('KEY_IMPORT_REFUSED', { actual });
}
