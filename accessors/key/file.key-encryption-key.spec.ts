import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createKeyEncryptionKeyFile, FileKeyEncryptionKey } from './file.key-encryption-key.js';

describe('FileKeyEncryptionKey', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kek-'));
    path = join(directory, 'key');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('opens a file that was made for it, which its owner alone may read', async () => {
    createKeyEncryptionKeyFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o400);
    expect(readFileSync(path, 'latin1')).toMatch(/^[\w-]{43}\n$/);
    const key = await new FileKeyEncryptionKey(path).open();
    expect(key.id).toMatch(/^[\w-]{16}$/);
  });

  it('reads exactly the bytes that the file holds', async () => {
    for (let round = 0; round < 50; round += 1) {
      const bytes = randomBytes(32);
      const one = join(directory, `text-${String(round)}`);
      writeFileSync(one, bytes.toString('base64url'), { mode: 0o400 });
      const two = join(directory, `line-${String(round)}`);
      writeFileSync(two, `${bytes.toString('base64url')}\n`, { mode: 0o400 });
      const [left, right] = [await new FileKeyEncryptionKey(one).open(), await new FileKeyEncryptionKey(two).open()];
      expect(left.id).toBe(right.id);
      const wrapped = await left.wrap(bytes, Buffer.from('place'));
      expect(await right.unwrap(wrapped, Buffer.from('place'))).toEqual(bytes);
      await expect(right.unwrap(wrapped, Buffer.from('elsewhere'))).rejects.toThrow();
    }
  });

  it('has another id for another key', async () => {
    createKeyEncryptionKeyFile(path);
    createKeyEncryptionKeyFile(`${path}2`);
    const [one, two] = [await new FileKeyEncryptionKey(path).open(), await new FileKeyEncryptionKey(`${path}2`).open()];
    expect(one.id).not.toBe(two.id);
  });

  it('never overwrites a key', () => {
    createKeyEncryptionKeyFile(path);
    const before = readFileSync(path);
    expect(() => createKeyEncryptionKeyFile(path)).toThrow('EEXIST');
    expect(readFileSync(path)).toEqual(before);
  });

  it.each([0o000, 0o440, 0o404, 0o444, 0o600, 0o640, 0o644, 0o666, 0o500, 0o700, 0o777])('refuses mode %o', async (mode) => {
    createKeyEncryptionKeyFile(path);
    chmodSync(path, mode);
    // Without the rights of root a file of mode 0 cannot even be opened.
    const expected = process.getuid?.() !== 0 && mode === 0 ? 'KEY_ENCRYPTION_KEY_MISSING' : 'KEY_ENCRYPTION_KEY_INSECURE';
    await expectRefused(expected);
  });

  it('refuses a file of another user', async () => {
    if (process.getuid?.() !== 0) return;
    createKeyEncryptionKeyFile(path);
    chownSync(path, 65_534, 65_534);
    await expectRefused('KEY_ENCRYPTION_KEY_INSECURE');
  });

  it('says that there is none when the file is not there', async () => {
    await expectRefused('KEY_ENCRYPTION_KEY_MISSING');
  });

  it.each([
    ['nothing', ''],
    ['too few characters', 'A'.repeat(42)],
    ['too many characters', 'A'.repeat(44)],
    ['two lines', `${'A'.repeat(43)}\n\n`],
    ['a space before', ` ${'A'.repeat(42)}`],
    ['padding', `${'A'.repeat(43)}=`],
    ['the other alphabet', `${'A'.repeat(42)}+`],
    ['bits beyond the 32 bytes', `${'A'.repeat(42)}B`],
    ['hexadecimal', 'a'.repeat(64)],
  ])('refuses a file that holds %s', async (_what, text) => {
    writeFileSync(path, text, { mode: 0o400 });
    await expectRefused('KEY_ENCRYPTION_KEY_INSECURE');
  });

  it('refuses a directory and a pipe, and follows a link to a file that is well kept', async () => {
    mkdirSync(path, { mode: 0o400 });
    await expectRefused('KEY_ENCRYPTION_KEY_INSECURE');
    rmSync(path, { recursive: true });
    execFileSync('mkfifo', ['-m', '0400', path]);
    await expectRefused('KEY_ENCRYPTION_KEY_INSECURE');
    rmSync(path);
    createKeyEncryptionKeyFile(`${path}.target`);
    symlinkSync(`${path}.target`, path);
    await expect(new FileKeyEncryptionKey(path).open()).resolves.toBeDefined();
  });

  it('shows nothing of the key in its errors', async () => {
    const text = randomBytes(32).toString('base64url');
    writeFileSync(path, `${text}!`, { mode: 0o400 });
    const error: unknown = await new FileKeyEncryptionKey(path).open().catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: null })).not.toContain(text.slice(0, 20));
  });

  async function expectRefused(code: string): Promise<void> {
    await expect(new FileKeyEncryptionKey(path).open()).rejects.toMatchObject({ code });
  }
});
