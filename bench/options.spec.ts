import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.js';

describe('the options', () => {
  it('runs three rounds unless told otherwise', () => {
    expect(readOptions([])).toMatchObject({ command: 'compare', rounds: 3, seconds: 5 });
    expect(readOptions(['--short'])).toMatchObject({ rounds: 2, seconds: 2 });
    expect(readOptions(['--short', '--rounds', '5', '--seconds', '0.5'])).toMatchObject({ rounds: 5, seconds: 0.5 });
    expect(readOptions(['parts'])).toMatchObject({ command: 'parts' });
    expect(readOptions(['signing', '--short'])).toMatchObject({ command: 'signing', rounds: 2 });
    expect(readOptions(['permissions', '--scale', '--no-limits'])).toMatchObject({
      command: 'permissions',
      scale: true,
      limits: false,
    });
    expect(readOptions(['validate'])).toMatchObject({ command: 'validate' });
  });

  it('refuses what makes no sense', () => {
    for (const wrong of [
      ['--rounds', '0'],
      ['--rounds', '1.5'],
      ['--seconds', 'x'],
      ['--seconds', '-1'],
      ['speed'],
      ['signing', 'x'],
      ['--fast'],
      ['parts', 'x'],
    ]) {
      expect(() => readOptions(wrong)).toThrow();
    }
  });
});
