import { describe, expect, it } from '@jest/globals';
import { ALWAYS } from '#utilities/time-window/contract.js';
import type { CheckedResource, Explanation } from './contract.js';
import { APPROVE, binding, EXPORT, newEngine, questionOf, READ, when, type Situation } from './fixtures/asking.fixture.js';
import { assignment, claimsOf, NOON, rolesOf, SUBJECT } from './fixtures/question.fixture.js';

const ROLES = rolesOf({
  clerk: { grants: ['billing:invoice:*'], exclude: ['**:read'] },
  approver: { inherits: ['clerk'], grants: [EXPORT] },
  reader: { grants: [READ] },
});
const explain = (situation: Situation, permission: string, resource: Partial<CheckedResource> | null = null): Explanation => {
  const question = questionOf({ ...situation, policy: { roles: ROLES, ...situation.policy } }, permission, resource);
  const explanation = newEngine().explain(question);
  expect(explanation.decision).toEqual(newEngine().decide(question));
  return explanation;
};

describe('PermissionEngine: the whole story of a decision', () => {
  it('names the way from the subject to the pattern', () => {
    const facts = { groups: [{ key: 'fin', valid: ALWAYS }], assignments: [assignment('approver', { group: 'fin' })] };
    expect(explain({ facts }, APPROVE)).toEqual({
      permission: APPROVE,
      decision: { allowed: true, code: 'granted', residual: null, missing: [], stepUp: null },
      policyVersion: 'main@1',
      epoch: 1,
      paths: [
        {
          binding: 'asg_approver',
          via: ['group:fin', 'role:approver', 'role:clerk'],
          pattern: 'billing:invoice:*',
          status: 'granted',
          code: 'granted',
          condition: null,
        },
      ],
      blockedBy: [],
      nearMisses: [],
      validUntil: null,
    });
  });

  it('names bindings and mappings on the way', () => {
    const policy = {
      bindings: [binding('b1', { principal: 'role:clerk', permissions: [READ] })],
      mappings: [{ issuer: 'contoso', claim: 'roles' as const, value: 'x', role: 'approver' }],
    };
    const { paths } = explain({ policy, claims: claimsOf({ roles: ['x'] }) }, READ);
    expect(paths).toMatchObject([{ binding: 'b1', via: ['role:approver', 'binding:b1'], pattern: READ }]);
    expect(explain({ policy, claims: claimsOf({ roles: ['x'] }) }, EXPORT).paths).toMatchObject([
      { binding: 'mapping:roles=x', via: ['role:approver'] },
    ]);
  });

  it('tells a condition with its trace', () => {
    const policy = {
      attributes: [{ root: 'context' as const, resourceType: null, name: 'office', type: 'bool', source: 'pep' }],
      bindings: [binding('b', { permissions: [READ], condition: { ...when('yes && context.office'), key: 'hours' } })],
    };
    expect(explain({ policy, context: { office: false } }, READ)).toMatchObject({
      decision: { code: 'condition_false' },
      paths: [
        {
          status: 'failed',
          code: 'condition_false',
          condition: {
            key: 'hours',
            expression: 'yes && context.office',
            result: 'false',
            cost: 10,
            trace: [{ value: true }, { value: false }],
          },
        },
      ],
      nearMisses: [{ kind: 'condition', name: 'b', because: 'hours is false' }],
    });
    expect(explain({ policy }, READ).paths).toMatchObject([{ status: 'conditional', condition: { result: 'unknown' } }]);
  });

  it('tells everything that blocks what would be held', () => {
    const policy = {
      bindings: [binding('b', { permissions: ['**'] })],
      tiers: [
        { key: 'team', flags: [] },
        { key: 'pro', flags: [] },
      ],
      gates: [
        { id: 'g-tier', permissions: [EXPORT], tier: 'pro', flags: [] },
        { id: 'g-flag', permissions: [EXPORT], tier: null, flags: ['beta'] },
      ],
      denies: [
        { id: 'd', principals: ['subject:ana'], permissions: [EXPORT], except: [], condition: null, valid: ALWAYS },
        { id: 'd-not-me', principals: ['subject:bo'], permissions: [EXPORT], except: [], condition: null, valid: ALWAYS },
        {
          id: 'd-open',
          principals: ['all'],
          permissions: [EXPORT],
          except: [],
          condition: when('resource.secret'),
          valid: ALWAYS,
        },
      ],
      stepUps: [{ id: 's', permissions: [EXPORT], acr: ['mfa'], maxAuthAgeSeconds: 60 }],
    };
    const facts = {
      subject: SUBJECT,
      tenantBoundary: [READ],
      subscriptions: [{ tier: 'team', valid: ALWAYS, graceUntil: null }],
    };
    const { decision, paths, blockedBy } = explain({ policy, facts, boundary: [READ], ceiling: [] }, EXPORT);
    expect(decision.code).toBe('gate.tier');
    expect(paths).toMatchObject([{ status: 'granted_then_blocked', code: 'granted' }]);
    expect(blockedBy.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'gate g-tier',
      'gate g-flag',
      'boundary ',
      'ceiling ',
      'tenant ',
      'deny d',
      'deny d-open',
      'step_up s',
    ]);
    expect(blockedBy[0]).toMatchObject({ need: 'tier pro or higher', have: 'tier team' });
  });

  it('is denied what any of several ceilings leaves out, and tells which', () => {
    const facts = { subject: SUBJECT, assignments: [assignment('reader')] };
    expect(explain({ facts, ceilings: [['**'], [READ]] }, READ).decision.code).toBe('granted');
    const { decision, blockedBy } = explain({ facts, ceilings: [['**'], [EXPORT]] }, READ);
    expect(decision.code).toBe('boundary');
    expect(blockedBy).toEqual([{ kind: 'ceiling', id: '', need: 'to be in what may be exercised for others', have: EXPORT }]);
  });

  it('tells what nearly leads there, and since or from when', () => {
    const facts = {
      assignments: [
        assignment('reader', { id: '1', state: 'eligible' }),
        assignment('reader', { id: '2', valid: { from: null, until: NOON - 5 } }),
        assignment('reader', { id: '3', valid: { from: NOON + 5, until: null } }),
        assignment('reader', { id: '4', unit: 'org.emea' }),
      ],
    };
    expect(explain({ facts, unit: 'org.apac' }, READ).nearMisses).toMatchObject([
      { kind: 'eligible', name: '1', at: null },
      { kind: 'expired', name: '2', at: NOON - 5 },
      { kind: 'not_yet_valid', name: '3', at: NOON + 5 },
      { kind: 'other_unit', name: '4', because: 'it holds in unit org.emea' },
    ]);
    expect(explain({}, READ).nearMisses).toMatchObject([{ kind: 'other_role', name: 'reader' }]);
  });

  it('tells until when it holds, for this permission alone', () => {
    const facts = {
      assignments: [
        assignment('reader', { valid: { from: null, until: NOON + 1000 } }),
        assignment('clerk', { valid: { from: null, until: NOON + 500 } }),
      ],
    };
    expect(explain({ facts }, READ).validUntil).toBe(NOON + 1000);
  });

  it('has nothing to tell of a subject in bad standing or of an unknown permission', () => {
    expect(explain({ facts: { tenantStatus: 'suspended' } }, READ)).toMatchObject({
      decision: { code: 'tenant_suspended' },
      paths: [],
    });
    expect(explain({}, 'billing:gone:read')).toMatchObject({ decision: { code: 'permission_unknown' }, nearMisses: [] });
  });
});
