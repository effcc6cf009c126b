import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stableShare } from './stable-share.js';
import { notAfterOf } from './token-horizon.js';

const NOW = 1_790_000_000_500;
const identity = { instance: 'i', externalId: 'ana' };
const span = { now: NOW, until: NOW + 600_000, validUntil: null, identity };

describe('notAfterOf', () => {
  it('is when the token would end of itself, where nothing ends before', () => {
    const last = Math.floor((NOW + 600_000) / 1_000);
    expect(notAfterOf(span)).toBe(last);
    expect(notAfterOf({ ...span, validUntil: NOW + 600_000 })).toBe(last);
    expect(notAfterOf({ ...span, validUntil: NOW + 900_000 })).toBe(last);
  });

  it('is never after what ends, and at most 60 s and a quarter of the time before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 599_999 }), fc.string(), (left, externalId) => {
        const validUntil = NOW + left;
        fc.pre(Math.floor(validUntil / 1_000) > Math.floor(NOW / 1_000));
        const notAfter = notAfterOf({ ...span, validUntil, identity: { instance: 'i', externalId } }) * 1_000;
        expect(notAfter).toBeLessThanOrEqual(validUntil);
        expect(notAfter).toBeGreaterThan(NOW);
        expect(notAfter).toBeGreaterThan(validUntil - Math.min(60_000, left / 4) - 1_001);
      }),
      { numRuns: 1_000 },
    );
  });

  it('brings people back at different times, each always at the same one', () => {
    const of = (externalId: string): number =>
      notAfterOf({ ...span, validUntil: NOW + 400_000, identity: { instance: 'i', externalId } });
    const people = Array.from({ length: 2_000 }, (_, at) => `person-${String(at)}`);
    const times = people.map(of);
    expect(people.map(of)).toEqual(times);
    const perSecond = new Map<number, number>();
    for (const time of times) perSecond.set(time, (perSecond.get(time) ?? 0) + 1);
    expect(perSecond.size).toBeGreaterThan(55);
    expect(Math.max(...perSecond.values())).toBeLessThan(2_000 / 20);
  });

  it('is refused where what ends, ends within this second', () => {
    for (const left of [0, 1, 499]) {
      expect(() => notAfterOf({ ...span, validUntil: NOW + left })).toThrow(
        expect.objectContaining({ code: 'PERMISSIONS_CHANGING', details: { retryAfterSeconds: 1 } }),
      );
    }
    expect(notAfterOf({ ...span, validUntil: NOW + 500 })).toBe(Math.floor(NOW / 1_000) + 1);
  });
});

describe('stableShare', () => {
  it('is from 0 up to 1, spread evenly, also over names that count upwards', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let at = 0; at < 10_000; at += 1) {
      const share = stableShare({ instance: 'oidc:https://idp.example', externalId: `user${String(at)}` });
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThan(1);
      const tenth = Math.floor(share * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
