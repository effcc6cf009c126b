import { describe, expect, it } from '@jest/globals';
import type { TimeWindow } from '#utilities/time-window/contract.js';
import {
  BILLING,
  APPROVE,
  binding,
  EXPORT,
  granted,
  newEngine,
  READ,
  requestOf,
  when,
  type Situation,
} from './fixtures/asking.fixture.js';
import { assignment, claimsOf, NO_EXTERNAL, NOON, rolesOf } from './fixtures/question.fixture.js';

const MINUTE = 60_000;
const ROLES = rolesOf({ reader: { grants: [READ] }, all: { grants: ['**'] } });
const window = (from: number | null, until: number | null): TimeWindow => ({ from, until });
const assigned = (role: string, valid: TimeWindow) =>
  assignment(role, { id: `asg_${role}_${valid.from ?? ''}_${valid.until ?? ''}`, valid });
const validUntil = (situation: Situation): number | null =>
  granted({ ...situation, policy: { roles: ROLES, ...situation.policy } }).validUntil;

describe('PermissionEngine: until when an answer holds', () => {
  it('not at all where nothing has a time, or none before the moment that is of interest', () => {
    expect(validUntil({ facts: { assignments: [assignment('reader')] } })).toBeNull();
    const late = { facts: { assignments: [assigned('reader', window(null, NOON + 11 * MINUTE))] } };
    expect(validUntil(late)).toBeNull();
    expect(validUntil({ ...late, until: NOON + 11 * MINUTE })).toBe(NOON + 11 * MINUTE);
  });

  it('is the end of what is lost and the beginning of what is gained', () => {
    expect(validUntil({ facts: { assignments: [assigned('reader', window(null, NOON + MINUTE))] } })).toBe(NOON + MINUTE);
    expect(validUntil({ facts: { assignments: [assigned('reader', window(NOON + MINUTE, null))] } })).toBe(NOON + MINUTE);
  });

  it('passes over an end after which the same is held in another way', () => {
    const assignments = [
      assigned('reader', window(null, NOON + MINUTE)),
      assigned('all', window(NOON - 5, NOON + 3 * MINUTE)),
      assigned('reader', window(NOON + MINUTE, NOON + 2 * MINUTE)),
    ];
    expect(validUntil({ facts: { assignments } })).toBe(NOON + 3 * MINUTE);
    const limited = { boundary: [READ], facts: { assignments: [...assignments, assignment('reader')] } };
    expect(validUntil(limited)).toBeNull();
  });

  it.each<[string, Situation]>([
    [
      'a membership',
      {
        facts: {
          groups: [{ key: 'g', valid: window(null, NOON + MINUTE) }],
          assignments: [assignment('reader', { group: 'g' })],
        },
      },
    ],
    ['a binding', { policy: { bindings: [binding('b', { permissions: [READ], valid: window(null, NOON + MINUTE) })] } }],
    [
      'a deny that begins',
      {
        facts: { assignments: [assignment('reader')] },
        policy: {
          denies: [
            {
              id: 'd',
              principals: ['all'],
              permissions: [READ],
              except: [],
              condition: null,
              valid: window(NOON + MINUTE, null),
            },
          ],
        },
      },
    ],
    [
      'a subscription with its grace',
      {
        facts: {
          assignments: [assignment('reader')],
          subscriptions: [{ tier: 'pro', valid: window(null, NOON - 1), graceUntil: NOON + MINUTE }],
        },
        policy: { tiers: [{ key: 'pro', flags: [] }], gates: [{ id: 'g', permissions: [READ], tier: 'pro', flags: [] }] },
      },
    ],
    [
      'a flag',
      {
        facts: { assignments: [assignment('reader')], flags: [{ key: 'f', enabled: true, valid: window(NOON + MINUTE, null) }] },
        policy: { gates: [{ id: 'g', permissions: [READ], tier: null, flags: ['f'] }] },
      },
    ],
    [
      'a condition that ends',
      { policy: { bindings: [binding('b', { permissions: [READ], condition: when(`now<${NOON + MINUTE}`) })] } },
    ],
    [
      'a condition that begins',
      { policy: { bindings: [binding('b', { permissions: [READ], condition: when(`now>=${NOON + MINUTE}`) })] } },
    ],
    [
      'a condition among others',
      {
        policy: { bindings: [binding('b', { permissions: [READ], condition: when(`context.office && now<${NOON + MINUTE}`) })] },
        context: { office: true },
      },
    ],
    [
      'the condition of a deny',
      {
        facts: { assignments: [assignment('reader')] },
        policy: {
          denies: [
            {
              id: 'd',
              principals: ['all'],
              permissions: [READ],
              except: [],
              condition: when(`now>=${NOON + MINUTE}`),
              valid: window(null, null),
            },
          ],
        },
      },
    ],
    [
      'what is conditional',
      { policy: { bindings: [binding('b', { permissions: [READ], unit: 'org', valid: window(null, NOON + MINUTE) })] } },
    ],
  ])('is moved by %s', (_, situation) => {
    expect(validUntil(situation)).toBe(NOON + MINUTE);
  });

  it('is the millisecond after an authentication is too old', () => {
    const situation = {
      facts: { assignments: [assignment('reader')] },
      policy: { stepUps: [{ id: 's', permissions: [READ], acr: [], maxAuthAgeSeconds: 120 }] },
      claims: claimsOf({ authTime: NOON / 1000 - 60 }),
    };
    expect(validUntil(situation)).toBe(NOON + MINUTE + 1);
    expect(validUntil({ ...situation, boundary: [EXPORT] })).toBeNull();
  });

  it('is when what a fact source said is too old, if it made a difference', () => {
    const told = (permission: string): Situation => ({
      facts: { assignments: [assignment('reader')] },
      policy: { gates: [{ id: 'g', permissions: [permission], tier: null, flags: ['f'] }] },
      external: { ...NO_EXTERNAL, values: new Map([['flag.f', true as const]]), validUntil: NOON + MINUTE },
    });
    expect(validUntil(told(READ))).toBe(NOON + MINUTE);
    expect(validUntil(told(EXPORT))).toBeNull();
  });

  it('is no later than a granted permission may be held', () => {
    const application = {
      ...BILLING,
      permissions: BILLING.permissions.map((each) => (each.name === APPROVE ? { ...each, maxLifetimeSeconds: 90 } : each)),
    };
    const holding = (role: string, until: number): Situation => ({
      application,
      facts: { assignments: [assigned(role, window(null, until))] },
    });
    expect(validUntil(holding('all', NOON + 5 * MINUTE))).toBe(NOON + 90_000);
    expect(validUntil(holding('all', NOON + MINUTE))).toBe(NOON + MINUTE);
    expect(validUntil(holding('reader', NOON + 5 * MINUTE))).toBe(NOON + 5 * MINUTE);
  });

  it('a walk that leads too far ends early rather than late', () => {
    const assignments = Array.from({ length: 3000 }, (_, index) => assigned('reader', window(null, NOON + index + 1)));
    const found = validUntil({
      facts: { assignments: [...assignments, assignment('reader'), assigned('all', window(NOON + 4000, null))] },
    });
    expect(found).toBe(NOON + 2000);
  });

  it('looking ahead does not change what is answered now, nor later', () => {
    const engine = newEngine();
    const assignments = [
      assigned('reader', window(null, NOON + MINUTE)),
      assigned('all', window(NOON + MINUTE, NOON + 2 * MINUTE)),
    ];
    const request = requestOf({ policy: { roles: ROLES }, facts: { assignments } });
    const at = (now: number) => engine.effectivePermissions({ ...request, now });
    for (const now of [NOON, NOON + 2 * MINUTE, NOON + MINUTE, NOON, NOON + MINUTE]) {
      expect(at(now)).toEqual(newEngine().effectivePermissions({ ...request, now }));
    }
  });
});
