import { describe, expect, it } from '@jest/globals';
import { p1363ToDer } from './p1363-to-der.js';

const der = (r: string, s: string): string => p1363ToDer(Buffer.from(r + s, 'hex')).toString('hex');

describe('A fixed-length signature as DER', () => {
  it.each([
    ['plain numbers', '01020304', '05060708', '300c020401020304020405060708'],
    ['a set top bit needs a zero in front', '80000000', 'ff000000', '300e02050080000000020500ff000000'],
    ['a top bit that is not set needs none', '7fffffff', '7f000000', '300c02047fffffff02047f000000'],
    ['leading zeros are dropped', '00000102', '00000080', '30080202010202020080'],
    ['zero keeps one byte', '00000000', '00000000', '3006020100020100'],
  ])('%s', (_title, r, s, expected) => {
    expect(der(r, s)).toBe(expected);
  });

  it('of P-521 has a length of two bytes', () => {
    const r = `01${'aa'.repeat(65)}`;
    expect(der(r, r)).toBe(`308188${`0242${r}`.repeat(2)}`);
  });
});
