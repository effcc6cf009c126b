import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Keyring, KeyRecord, KeyState } from '#accessors/key/contract.js';
import { rotationRules, usualRotation } from '#utilities/config/rotation-rules.js';
import type { RotationPolicy, RotationStep } from './contract.js';
import { planRotation } from './rotation-plan.js';
import { safetyFaults } from './rotation-safety.js';

const DAY = 86_400_000;
const NOW = 1_790_000_000_000;
const policy: RotationPolicy = { algorithms: ['ES256'], ...usualRotation() };

function key(kid: string, state: KeyState, times: Partial<KeyRecord> = {}): KeyRecord {
  const none = { publishedAt: null, activatedAt: null, stoppedAt: null, endedAt: null };
  return { kid, algorithm: 'ES256', state, backend: 'local', jwk: {}, signsAtOnce: false, createdAt: NOW, ...none, ...times };
}

const ringOf = (...keys: readonly KeyRecord[]): Keyring => ({ epoch: 1, floor: 0, now: NOW, keys });
const plan = (ring: Keyring, now = NOW) =>
  planRotation(ring, policy, now).map(({ kind, kid, dueAt }) => [kind, kid, (dueAt - NOW) / DAY] as const);
const signing = (since: number, kid = 'a'): KeyRecord => key(kid, 'active', { publishedAt: since, activatedAt: since });

describe('The plan of a rotation', () => {
  it('makes the next key one day before the active one has signed for 30', () => {
    expect(plan(ringOf(signing(NOW)))).toEqual([['stage', null, 29]]);
  });

  it('makes a key at once where there is none, and gives it the time that verifiers need', () => {
    expect(plan(ringOf())).toEqual([['stage', null, 0]]);
    expect(plan(ringOf(key('b', 'pending')))).toEqual([
      ['publish', 'b', 0],
      ['activate', 'b', 1],
    ]);
  });

  it('lets the next key follow as soon as it may', () => {
    const next = key('b', 'published', { publishedAt: NOW });
    const [step] = planRotation(ringOf(signing(NOW - 5 * DAY), next), policy, NOW);
    expect(step).toMatchObject({ kind: 'activate', kid: 'b', replaces: 'a', dueAt: NOW + DAY });
  });

  it('lets a key that was there before the active one wait for its turn', () => {
    const left = key('b', 'published', { publishedAt: NOW - 9 * DAY });
    expect(plan(ringOf(signing(NOW - 5 * DAY), left))).toEqual([['activate', 'b', 25]]);
  });

  it('drops a second key that was made for the same turn', () => {
    const ring = ringOf(signing(NOW), key('b', 'published', { publishedAt: NOW }), key('c', 'pending'));
    expect(plan(ring)).toEqual([
      ['remove', 'c', 0],
      ['activate', 'b', 1],
    ]);
  });

  it.each(['retiring', 'tainted'] as const)('keeps a %s key public until its last token has ended', (state) => {
    const stopped = key('z', state, { stoppedAt: NOW });
    expect(plan(ringOf(signing(NOW), stopped))).toEqual([
      ['remove', 'z', 173_400 / 86_400],
      ['stage', null, 29],
    ]);
  });

  it('has nothing to do with keys that have ended', () => {
    expect(plan(ringOf(signing(NOW), key('y', 'retired'), key('x', 'revoked')))).toEqual([['stage', null, 29]]);
  });

  it('keeps algorithms apart, and lets one go that is not wanted any more', () => {
    const other = { ...signing(NOW, 'p'), algorithm: 'PS256' as const };
    const waiting = { ...key('q', 'published', { publishedAt: NOW }), algorithm: 'PS256' as const };
    expect(plan(ringOf(signing(NOW), other, waiting))).toEqual([
      ['remove', 'q', 0],
      ['retire', 'p', 0],
      ['stage', null, 29],
    ]);
  });

  it('keeps a small set with one signer through years of any timing, every key public for long enough on both sides', () => {
    const pauses = fc.array(fc.integer({ min: 60_000, max: DAY }), { minLength: 300, maxLength: 400 });
    fc.assert(
      fc.property(pauses, (steps) => {
        const world = new SimulatedRing();
        for (const pause of steps) world.pass(pause);
        expect(world.retired.length + world.keys.length).toBeGreaterThan(3);
      }),
      { numRuns: 25 },
    );
  });
});

/** Does what is due as the timer would, and looks after every step that verifiers could follow. */
class SimulatedRing {
  keys: KeyRecord[] = [signing(NOW)];
  readonly retired: KeyRecord[] = [];
  private now = NOW;
  private made = 0;

  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (let due = this.due(); due !== undefined; due = this.due()) this.perform(due);
    const active = this.keys.filter(({ state }) => state === 'active');
    expect(active).toHaveLength(1);
    expect(this.keys.length).toBeLessThanOrEqual(3);
  }

  private due(): RotationStep | undefined {
    return planRotation({ ...ringOf(...this.keys), now: this.now }, policy, this.now).find(({ dueAt }) => dueAt <= this.now);
  }

  private perform({ kind, kid, replaces }: RotationStep): void {
    if (kind === 'stage') this.keys.push(key(`k${String((this.made += 1))}`, 'pending', { createdAt: this.now }));
    if (kind === 'publish') this.change(kid, { state: 'published', publishedAt: this.now });
    if (kind === 'activate') {
      const published = this.keys.find((one) => one.kid === kid)?.publishedAt ?? this.now;
      expect(this.now - published).toBeGreaterThanOrEqual(DAY);
      this.change(replaces, { state: 'retiring', stoppedAt: this.now });
      this.change(kid, { state: 'active', activatedAt: this.now });
    }
    if (kind === 'remove') this.remove(kid);
  }

  private remove(kid: string | null): void {
    const gone = this.keys.find((one) => one.kid === kid);
    expect(this.now - (gone?.stoppedAt ?? this.now)).toBeGreaterThanOrEqual(policy.retireAfterSeconds * 1000);
    if (gone !== undefined) this.retired.push(gone);
    this.keys = this.keys.filter((one) => one.kid !== kid);
  }

  private change(kid: string | null, to: Partial<KeyRecord>): void {
    this.keys = this.keys.map((one) => (one.kid === kid ? { ...one, ...to } : one));
  }
}

describe('The safety of a policy', () => {
  it('finds nothing in the defaults, nor in times that are just long enough', () => {
    expect(safetyFaults(policy)).toEqual([]);
    const exact = { ...policy, prePublishSeconds: 47_460, retireAfterSeconds: 87_060, periodSeconds: 134_520 };
    expect(safetyFaults(exact)).toEqual([]);
  });

  it.each([
    ['prePublishSeconds', 47_460],
    ['retireAfterSeconds', 87_060],
    ['verifierCacheSeconds', 300],
    ['periodSeconds', 86_400 + 173_400],
  ] as const)('finds %s one second too short', (member, least) => {
    expect(safetyFaults({ ...policy, [member]: least - 1 })).toContainEqual(
      expect.objectContaining({ member, actual: least - 1, least }),
    );
  });

  it('is what the settings are held to', () => {
    const seconds = fc.integer({ min: 0, max: 200_000 });
    const times = fc.record({
      periodSeconds: seconds,
      prePublishSeconds: seconds,
      retireAfterSeconds: seconds,
      jwksMaxAgeSeconds: seconds,
      jwksStaleIfErrorSeconds: seconds,
      verifierCacheSeconds: seconds,
      propagationSeconds: seconds,
      skewSeconds: seconds,
      leewaySeconds: seconds,
      maxTokenSeconds: seconds,
    });
    fc.assert(
      fc.property(times, (some) => {
        const here = safetyFaults({ algorithms: ['ES256'], ...some }).map(({ member }) => member);
        expect(rotationRules(some).map(({ path }) => path.at(-1))).toEqual(here);
      }),
      { numRuns: 500 },
    );
  });
});
