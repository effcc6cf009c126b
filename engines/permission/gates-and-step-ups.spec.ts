import { describe, expect, it } from '@jest/globals';
import type { FlagState, Subscription } from '#accessors/facts/contract.js';
import type { Gate, StepUp } from '#accessors/policy/contract.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import {
  APPROVE,
  binding,
  codeOf,
  EXPORT,
  granted,
  newEngine,
  questionOf,
  READ,
  type Situation,
} from './fixtures/asking.fixture.js';
import { claimsOf, NO_EXTERNAL, NOON } from './fixtures/question.fixture.js';

const ALL = binding('all', { permissions: ['**'] });
const TIERS = [
  { key: 'free', flags: [] },
  { key: 'team', flags: ['share'] },
  { key: 'pro', flags: ['reports'] },
];
const subscription = (tier: string, more: Partial<Subscription> = {}): Subscription => ({
  tier,
  valid: ALWAYS,
  graceUntil: null,
  ...more,
});
const flag = (key: string, more: Partial<FlagState> = {}): FlagState => ({ key, enabled: true, valid: ALWAYS, ...more });
const behind = (gate: Partial<Gate>, rest: Situation = {}): Situation => ({
  ...rest,
  policy: { bindings: [ALL], tiers: TIERS, gates: [{ id: 'g', permissions: [EXPORT], tier: null, flags: [], ...gate }] },
});
const codeBehind = (gate: Partial<Gate>, rest?: Situation): string => {
  const situation = behind(gate, rest);
  const code = codeOf(situation, EXPORT);
  expect(granted(situation).permissions).toEqual(code === 'granted' ? [APPROVE, READ, EXPORT] : [APPROVE, READ]);
  return code;
};

describe('PermissionEngine: gates', () => {
  it('a tier is reached by that one or a higher one', () => {
    const codes = ['free', 'team', 'pro', 'gone', '__proto__'].map((tier) =>
      codeBehind({ tier: 'team' }, { facts: { subscriptions: [subscription(tier)] } }),
    );
    expect(codes).toEqual(['gate.tier', 'granted', 'granted', 'gate.tier', 'gate.tier']);
    expect(codeBehind({ tier: 'free' })).toBe('gate.tier');
    expect(codeBehind({ tier: 'gone' }, { facts: { subscriptions: [subscription('pro')] } })).toBe('gate.tier');
  });

  it('a subscription counts within its window, and after it within its grace', () => {
    const ended = subscription('pro', { valid: { from: null, until: NOON }, graceUntil: NOON + 10 });
    const at = (now: number): string => codeBehind({ tier: 'pro' }, { now, facts: { subscriptions: [ended] } });
    expect([at(NOON - 1), at(NOON), at(NOON + 9), at(NOON + 10)]).toEqual(['granted', 'granted', 'granted', 'gate.tier']);
    const future = subscription('pro', { valid: { from: NOON + 5, until: NOON + 6 }, graceUntil: NOON + 10 });
    expect(codeBehind({ tier: 'pro' }, { facts: { subscriptions: [future] } })).toBe('gate.tier');
  });

  it('every flag has to be on: stored, included in the tier or a lower one, or told by a fact source', () => {
    const external = { ...NO_EXTERNAL, values: new Map([['flag.beta', true as const]]) };
    expect(codeBehind({ flags: ['beta'] })).toBe('gate.flag');
    expect(codeBehind({ flags: ['beta'] }, { facts: { flags: [flag('beta')] } })).toBe('granted');
    expect(codeBehind({ flags: ['beta'] }, { facts: { flags: [flag('beta', { enabled: false })] } })).toBe('gate.flag');
    expect(
      codeBehind({ flags: ['beta'] }, { facts: { flags: [flag('beta', { valid: { from: NOON + 1, until: null } })] } }),
    ).toBe('gate.flag');
    expect(codeBehind({ flags: ['share'] }, { facts: { subscriptions: [subscription('pro')] } })).toBe('granted');
    expect(codeBehind({ flags: ['reports'] }, { facts: { subscriptions: [subscription('team')] } })).toBe('gate.flag');
    expect(codeBehind({ flags: ['beta'] }, { external })).toBe('granted');
    expect(codeBehind({ flags: ['beta', 'other'] }, { external })).toBe('gate.flag');
  });

  it('what a fact source did not say, or said too long ago, is off', () => {
    const told = (more: Partial<typeof NO_EXTERNAL>): Situation => ({
      external: { ...NO_EXTERNAL, values: new Map([['flag.beta', true as const]]), ...more },
    });
    expect(codeBehind({ flags: ['beta'] }, told({ unavailable: new Set(['flag.beta']) }))).toBe('gate.flag');
    expect(codeBehind({ flags: ['beta'] }, told({ validUntil: NOON }))).toBe('gate.flag');
    expect(codeBehind({ flags: ['beta'] }, told({ validUntil: NOON + 1 }))).toBe('granted');
    expect(codeBehind({ flags: ['beta'] }, told({ values: new Map([['flag.beta', 'true']]) }))).toBe('gate.flag');
  });

  it('one that cannot be read stands before everything', () => {
    expect(granted(behind({ permissions: ['Billing:**'], tier: 'pro' })).permissions).toEqual([]);
  });
});

describe('PermissionEngine: step-ups', () => {
  const step = (more: Partial<StepUp>): StepUp => ({ id: 's', permissions: [EXPORT], acr: [], maxAuthAgeSeconds: null, ...more });
  const decide = (stepUps: readonly StepUp[], claims: Parameters<typeof claimsOf>[0]) => {
    const situation = { policy: { bindings: [ALL], stepUps }, claims: claimsOf(claims) };
    const decision = newEngine().decide(questionOf(situation, EXPORT));
    expect(granted(situation).permissions.includes(EXPORT)).toBe(decision.allowed);
    return decision;
  };

  it('any one of the values will do, and their absence will not', () => {
    expect(decide([step({ acr: ['mfa', 'hwk'] })], { acr: 'hwk' }).code).toBe('granted');
    expect(decide([step({ acr: ['mfa', 'hwk'] })], { acr: 'pwd' })).toEqual({
      allowed: false,
      code: 'step_up_required',
      residual: null,
      missing: [],
      stepUp: { acr: ['hwk', 'mfa'], maxAuthAgeSeconds: null },
    });
    expect(decide([step({ acr: ['mfa'] })], {}).code).toBe('step_up_required');
  });

  it('an authentication may be exactly as old as it says', () => {
    const age = (authTime: number | null): string => decide([step({ maxAuthAgeSeconds: 60 })], { authTime }).code;
    expect([age(NOON / 1000 - 60), age(NOON / 1000 - 61), age(null)]).toEqual([
      'granted',
      'step_up_required',
      'step_up_required',
    ]);
  });

  it('asks for one authentication that meets them all', () => {
    const both = [step({ acr: ['mfa', 'hwk'], maxAuthAgeSeconds: 600 }), step({ id: 't', acr: ['hwk'], maxAuthAgeSeconds: 60 })];
    expect(decide(both, { acr: 'mfa', authTime: NOON / 1000 }).stepUp).toEqual({ acr: ['hwk'], maxAuthAgeSeconds: 60 });
  });
});

describe('PermissionEngine: boundaries', () => {
  it('of the tenant, the client and the ceiling all narrow', () => {
    const policy = { bindings: [ALL] };
    for (const limit of [{ facts: { tenantBoundary: ['**:read'] } }, { boundary: ['**:read'] }, { ceiling: ['**:read'] }]) {
      expect(granted({ policy, ...limit }).permissions).toEqual([READ]);
      expect(codeOf({ policy, ...limit }, EXPORT)).toBe('boundary');
    }
    expect(granted({ policy, facts: { tenantBoundary: [] } }).permissions).toEqual([]);
  });

  it('keep conditional permissions out too', () => {
    const bindings = [binding('b', { permissions: ['**'], unit: 'org.emea' })];
    expect(granted({ policy: { bindings }, boundary: ['**:read'] }).conditional.map(({ permission }) => permission)).toEqual([
      READ,
    ]);
    expect(granted({ policy: { bindings }, scope: [READ] }).conditional.map(({ permission }) => permission)).toEqual([READ]);
  });
});
