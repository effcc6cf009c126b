import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { joseSignature } from './es256.js';

describe('ES256 signatures', () => {
  it('convert the DER form to 32 bytes of r and 32 bytes of s, whatever the length of either', () => {
    const scalar = fc.uint8Array({ minLength: 1, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        expect(joseSignature(der(r, s)).toString('hex')).toBe(Buffer.concat([padded(r), padded(s)]).toString('hex'));
      }),
      { numRuns: 500 },
    );
  });

  it('keep r and s in place at the edges: zero, one byte, the top bit set', () => {
    const edges = [
      Buffer.of(0),
      Buffer.of(1),
      Buffer.of(0x80),
      Buffer.alloc(32, 0xff),
      Buffer.alloc(31, 0xff),
      Buffer.alloc(32, 0x7f),
    ];
    for (const r of edges) {
      for (const s of edges) expect(joseSignature(der(r, s))).toEqual(Buffer.concat([padded(r), padded(s)]));
    }
  });

  it('refuse what is not the DER form of two integers of at most 32 bytes', () => {
    const good = der(Buffer.alloc(32, 1), Buffer.alloc(32, 2));
    const tooLong = der(Buffer.alloc(34, 1), Buffer.alloc(32, 2));
    const wrong = [Buffer.alloc(0), Buffer.of(0x30, 0), good.subarray(0, 40), Buffer.concat([good, Buffer.of(0)]), tooLong];
    for (const bytes of wrong) expect(() => joseSignature(bytes)).toThrow('not the DER form');
  });
});

function padded(scalar: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(32 - scalar.length), scalar]);
}

/** An independent encoder of `SEQUENCE { INTEGER, INTEGER }` (X.690 §8.3): minimal, positive. */
function der(r: Buffer, s: Buffer): Buffer {
  const content = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

function integer(value: Buffer): Buffer {
  const first = value.findIndex((byte) => byte !== 0);
  const minimal = first < 0 ? Buffer.of(0) : value.subarray(first);
  const positive = (minimal[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), minimal]) : minimal;
  return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
}
