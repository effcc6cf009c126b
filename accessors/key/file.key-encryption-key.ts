import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { CodedError } from '#utilities/errors/coded-error.js';
import { HeldKey, KEY_BYTES, KEY_TEXT_BYTES, keyFromText } from './held-key.js';
import type { KeyEncryptionKey, KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';

const OWNER_READS = 0o400;

/** 32 random bytes in base64url in a file that its owner alone may read. */
export class FileKeyEncryptionKey implements KeyEncryptionKeyProvider {
  readonly name = 'file';

  constructor(private readonly path: string) {}

  open(): Promise<KeyEncryptionKey> {
    return Promise.resolve().then(() => {
      const bytes = readKeyFile(this.path);
      try {
        return new HeldKey(bytes);
      } finally {
        bytes.fill(0);
      }
    });
  }
}

/**
 * Makes a new key in a new file of mode 0400. An existing file is never touched: what it sealed would be lost with it.
 *
 * @throws the error of the file system, `EEXIST` among them
 */
export function createKeyEncryptionKeyFile(path: string): void {
  const file = openSync(path, 'wx', OWNER_READS);
  try {
    const text = Buffer.from(`${randomBytes(KEY_BYTES).toString('base64url')}\n`, 'latin1');
    writeSync(file, text);
    text.fill(0);
    fsyncSync(file);
  } catch (cause) {
    unlinkSync(path);
    throw cause;
  } finally {
    closeSync(file);
  }
}

function readKeyFile(path: string): Buffer {
  const file = openExisting(path);
  const text = Buffer.alloc(KEY_TEXT_BYTES + 2);
  try {
    checkProtection(file);
    const length = readSync(file, text, 0, text.length, 0);
    const end = text[length - 1] === 0x0a ? length - 1 : length;
    return keyFromText(text.subarray(0, end));
  } finally {
    text.fill(0);
    closeSync(file);
  }
}

function openExisting(path: string): number {
  try {
    // O_NONBLOCK: a pipe in place of the file must not hold up the start; it is refused as not being a file.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new CodedError('KEY_ENCRYPTION_KEY_MISSING', { internal: `cannot open ${path}`, cause });
  }
}

/** SECURITY: asked of the open file, not of its path, so that the file cannot be changed for another in between. */
function checkProtection(file: number): void {
  const found = fstatSync(file);
  if (!found.isFile()) throw insecure('not a regular file');
  if (process.getuid === undefined) return;

  const mode = found.mode & 0o777;
  if (mode !== OWNER_READS) throw insecure(`mode is 0${mode.toString(8)}, expected 0400`);
  if (found.uid !== process.getuid()) throw insecure('owned by another user');
}

function insecure(why: string): CodedError {
  return new CodedError('KEY_ENCRYPTION_KEY_INSECURE', { internal: why });
}
