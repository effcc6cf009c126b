import { describe, expect, it } from '@jest/globals';
import type { Keyring, KeyRecord, KeyState } from '#accessors/key/contract.js';
import { usualRotation } from '#utilities/config/rotation-rules.js';
import type { RotationPolicy } from './contract.js';
import { planRotation } from './rotation-plan.js';

const DAY = 86_400_000;
const NOW = 1_790_000_000_000;
const policy: RotationPolicy = { algorithms: ['ES256'], standby: true, ...usualRotation() };

function key(kid: string, state: KeyState, times: Partial<KeyRecord> = {}): KeyRecord {
  const none = { publishedAt: null, activatedAt: null, stoppedAt: null, endedAt: null };
  return { kid, algorithm: 'ES256', state, backend: 'local', jwk: {}, signsAtOnce: false, createdAt: NOW, ...none, ...times };
}

const active = key('a', 'active', { publishedAt: NOW, activatedAt: NOW });
const standing = (kid: string, since: number, state: KeyState = 'published'): KeyRecord =>
  key(kid, state, { standby: true, createdAt: since, publishedAt: state === 'pending' ? null : since });
const ringOf = (...keys: readonly KeyRecord[]): Keyring => ({ epoch: 1, floor: 0, now: NOW, keys: [active, ...keys] });
const plan = (ring: Keyring, wanted = policy) =>
  planRotation(ring, wanted, NOW)
    .filter(({ standby }) => standby === true)
    .map(({ kind, kid, dueAt }) => [kind, kid, (dueAt - NOW) / DAY] as const);

describe('The plan of keys that stand by', () => {
  it('makes one where there is none, and publishes it', () => {
    expect(plan(ringOf())).toEqual([['stage', null, 0]]);
    expect(plan(ringOf(standing('s', NOW, 'pending')))).toEqual([['publish', 's', 0]]);
  });

  it('never activates one, and does not take it for the key that follows', () => {
    const steps = planRotation(ringOf(standing('s', NOW - 40 * DAY)), policy, NOW);
    expect(steps.filter(({ kind }) => kind === 'activate')).toEqual([]);
    expect(steps).toContainEqual(expect.objectContaining({ kind: 'stage', dueAt: NOW + 29 * DAY }));
  });

  it('makes the next after a period, and lets the one before go when verifiers know the next', () => {
    expect(plan(ringOf(standing('s', NOW - 10 * DAY)))).toEqual([['stage', null, 20]]);
    expect(plan(ringOf(standing('s', NOW - 30 * DAY), standing('t', NOW)))).toEqual([
      ['retire', 's', 1],
      ['stage', null, 30],
    ]);
  });

  it('makes another where the one that stood by was tainted or revoked', () => {
    for (const state of ['tainted', 'revoked'] as const) {
      expect(plan(ringOf({ ...standing('s', NOW - DAY), state, stoppedAt: NOW }))).toEqual([['stage', null, 0]]);
    }
  });

  it('lets all of them go where none is wanted, those that were public like keys that signed', () => {
    const ring = ringOf(standing('s', NOW - DAY), standing('t', NOW, 'pending'));
    const gone = [
      ['retire', 's', 0],
      ['remove', 't', 0],
    ];
    expect(plan(ring, { ...policy, standby: false })).toEqual(gone);
    expect(plan(ring, { ...policy, algorithms: ['RS256'] }).filter(([kind]) => kind !== 'stage')).toEqual(gone);
  });
});
