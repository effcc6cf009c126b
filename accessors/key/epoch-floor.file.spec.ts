import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { EpochFloorFile } from './epoch-floor.file.js';

const folder = mkdtempSync(join(tmpdir(), 'floor-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('The floor of keyring epochs', () => {
  const path = join(folder, 'keyring-floor');
  const floor = (at = path): EpochFloorFile => new EpochFloorFile({ path: at, logger: new SilentLogger() });
  beforeEach(() => rmSync(path, { force: true }));

  it('is kept for each installation, and never falls', () => {
    const here = floor();
    expect(here.of('a')).toBe(0);
    here.raise('a', 5);
    here.raise('b', 2);
    here.raise('a', 4);
    expect([here.of('a'), here.of('b')]).toEqual([5, 2]);
    expect([floor().of('a'), floor().of('b')]).toEqual([5, 2]);
    expect(readFileSync(path, 'utf8')).toBe('{"a":5,"b":2}\n');
  });

  it('takes in what another process wrote, and does not take it back', () => {
    const here = floor();
    expect(here.of('a')).toBe(0);
    floor().raise('a', 9);
    here.raise('a', 3);
    expect(floor().of('a')).toBe(9);
    expect(here.of('a')).toBe(9);
  });

  it('as it was seen stays as it was, so that what is read meanwhile does not look restored', () => {
    const here = floor();
    here.raise('a', 8);
    const leastOf = here.seen();
    here.raise('a', 9);
    expect([leastOf('a'), leastOf('b'), here.of('a')]).toEqual([8, 0, 9]);
  });

  it('keeps nothing for a ring that never had a key', () => {
    floor().raise('', 3);
    expect(floor().of('')).toBe(0);
  });

  it.each(['', '{', '[]', 'null', '{"a":-1}', '{"a":"9"}', '{"a":1.5}'])('is not guessed when the file says %j', (text) => {
    writeFileSync(path, text);
    expect(() => floor().of('a')).toThrow(expect.objectContaining({ code: 'KEYRING_FLOOR_UNREADABLE' }));
  });

  it('holds for the process where it cannot be written', () => {
    const nowhere = floor(join(folder, 'absent', 'floor'));
    nowhere.raise('a', 7);
    expect(nowhere.of('a')).toBe(7);
  });
});
