import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { TextSealer } from './text-sealer.js';

const DAY = 86_400_000;
const secret = createSecretKey(randomBytes(32));
const content = { purpose: 'subject-reference', bound: 'token-1' } as const;

describe('TextSealer', () => {
  const clock = new ManualClock();
  const sealer = new TextSealer({ clock });

  it('opens what it sealed, of any length and with any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string({ unit: 'grapheme' }), (text, bound) => {
        const sealed = sealer.seal(secret, { ...content, bound, text });
        expect(sealed).toMatch(/^[\w-]+$/);
        expect(sealer.unseal(secret, { ...content, bound, sealed })).toBe(text);
      }),
    );
  });

  it('shows nothing of the text, and never seals it the same way twice', () => {
    const all = Array.from({ length: 1000 }, () => sealer.seal(secret, { ...content, text: 'canary' }));
    expect(new Set(all).size).toBe(1000);
    for (const sealed of all) expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('canary');
  });

  it('opens nothing for another secret, purpose or token', () => {
    const sealed = sealer.seal(secret, { ...content, text: 'who' });
    expect(sealer.unseal(createSecretKey(randomBytes(32)), { ...content, sealed })).toBeUndefined();
    expect(new TextSealer({ clock }).unseal(secret, { ...content, sealed })).toBe('who');
    expect(sealer.unseal(secret, { ...content, purpose: 'consistency-token', sealed })).toBeUndefined();
    for (const bound of ['token-2', 'token-1 ', '', 'TOKEN-1']) {
      expect(sealer.unseal(secret, { ...content, bound, sealed })).toBeUndefined();
    }
  });

  it('opens nothing in which one bit was changed, whichever it is', () => {
    const bytes = Buffer.from(sealer.seal(secret, { ...content, text: 'who' }), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sealer.unseal(secret, { ...content, sealed: changed.toString('base64url') })).toBeUndefined();
    }
  });

  describe('CVE-2026-27840: what was cut short is still taken', () => {
    it('opens nothing that was cut short, the tag above all, and nothing in another spelling', () => {
      const sealed = sealer.seal(secret, { ...content, text: 'who' });
      for (let length = 0; length < sealed.length; length += 1) {
        expect(sealer.unseal(secret, { ...content, sealed: sealed.slice(0, length) })).toBeUndefined();
      }
      for (const other of [`${sealed}=`, ` ${sealed}`, `${sealed}\n`, `${sealed}A`, 'ä', '__proto__']) {
        expect(sealer.unseal(secret, { ...content, sealed: other })).toBeUndefined();
      }
    });
  });

  it('seals under another key each day, and still opens what was sealed the days before', () => {
    const later = new ManualClock(clock.now());
    const aging = new TextSealer({ clock: later });
    const days = Array.from({ length: 20 }, (_, day) => {
      later.advance(DAY);
      return { day, sealed: aging.seal(secret, { ...content, text: String(day) }) };
    });
    for (const { day, sealed } of days) expect(aging.unseal(secret, { ...content, sealed })).toBe(String(day));
    const [first, second] = days.map(({ sealed }) => Buffer.from(sealed, 'base64url'));
    const swapped = Buffer.concat([second?.subarray(0, 2) ?? Buffer.of(), first?.subarray(2) ?? Buffer.of()]);
    expect(aging.unseal(secret, { ...content, sealed: swapped.toString('base64url') })).toBeUndefined();
  });
});
