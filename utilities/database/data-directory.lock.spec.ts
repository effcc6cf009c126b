import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { lockDataDirectory } from './data-directory.lock.js';
import { openDatabase } from './open.database.js';

describe('Lock of the data directory', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-lock-'));
    file = join(directory, 'countersign.lock');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function pidOfTheDead(): Promise<number> {
    const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(child, 'exit');
    return child.pid ?? 0;
  }

  it('is taken once, names its process, and can be taken again when it was given back', () => {
    const unlock = lockDataDirectory(directory);
    expect(readFileSync(file, 'utf8').trim()).toBe(String(process.pid));
    expect(() => lockDataDirectory(directory)).toThrow(expect.objectContaining({ code: 'DATA_DIRECTORY_LOCKED' }));
    unlock();
    expect(existsSync(file)).toBe(false);
    lockDataDirectory(directory)();
  });

  it('is refused while another process lives, and the refusal names that process', () => {
    writeFileSync(file, `${process.ppid}\n`);
    expect(() => lockDataDirectory(directory)).toThrow(
      expect.objectContaining({
        code: 'DATA_DIRECTORY_LOCKED',
        details: expect.objectContaining({ actual: `process ${process.ppid} holds ${file}` }),
      }),
    );
    expect(readFileSync(file, 'utf8').trim()).toBe(String(process.ppid));
  });

  it('replaces what a dead process left', async () => {
    writeFileSync(file, `${await pidOfTheDead()}\n`);
    const unlock = lockDataDirectory(directory);
    expect(readFileSync(file, 'utf8').trim()).toBe(String(process.pid));
    unlock();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('replaces what an earlier process with our own id left, as in a container that was restarted', () => {
    writeFileSync(file, `${process.pid}\n`);
    lockDataDirectory(directory)();
  });

  it('is refused while its file says nothing, for another process may be writing it', () => {
    writeFileSync(file, '');
    expect(() => lockDataDirectory(directory)).toThrow(expect.objectContaining({ code: 'DATA_DIRECTORY_LOCKED' }));
  });

  it('holds as long as the embedded database is open, whose rows are there when it opens again', async () => {
    const options = {
      settings: { kind: 'embedded', directory },
      migrations: [],
      logger: new SilentLogger(),
      migrate: false,
      unsafeRole: 'step-down',
    } as const;
    const first = await openDatabase(options);
    await expect(openDatabase(options)).rejects.toMatchObject({ code: 'DATA_DIRECTORY_LOCKED' });
    await first.query('create table note (id int)');
    await first.query('insert into note values (7)');
    await first.close();
    const second = await openDatabase(options);
    expect(await second.query('select id from note')).toEqual([{ id: 7 }]);
    await second.close();
  });
});
