import { describe, expect, it } from '@jest/globals';
import type { ResourceGrant } from '#accessors/facts/contract.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import { APPROVE, binding, codeOf, EXPORT, granted, READ, when, type Situation } from './fixtures/asking.fixture.js';
import { assignment, claimsOf, NOON, rolesOf, SUBJECT } from './fixtures/question.fixture.js';

const ROLES = rolesOf({
  reader: { grants: ['**:read'] },
  approver: { inherits: ['reader'], grants: ['**:approve'] },
  auditor: { grants: ['**:export'] },
});
const permissionsOf = (situation: Situation): readonly string[] => granted(situation).permissions;
const member = (key: string, valid = ALWAYS) => ({ key, valid });
const grant = (more: Partial<ResourceGrant>): ResourceGrant => ({
  id: 'grant',
  group: null,
  role: null,
  permissions: [],
  resource: { type: 'invoice', ids: null, path: null },
  unit: null,
  condition: null,
  valid: ALWAYS,
  ...more,
});

describe('PermissionEngine: ways to a permission', () => {
  it('a binding reaches everybody, one subject, a group, or whoever has a role', () => {
    const bindings = [
      binding('a', { permissions: [READ] }),
      binding('b', { principal: 'subject:ana', permissions: [APPROVE] }),
      binding('c', { principal: 'group:fin', role: 'auditor' }),
    ];
    expect(permissionsOf({ policy: { bindings, roles: ROLES } })).toEqual([READ]);
    expect(permissionsOf({ policy: { bindings, roles: ROLES }, facts: { subject: SUBJECT } })).toEqual([APPROVE, READ]);
    expect(permissionsOf({ policy: { bindings, roles: ROLES }, facts: { groups: [member('fin')] } })).toEqual([READ, EXPORT]);
  });

  it('a binding of a role is followed from role to role, also through what the role inherits, and circles end', () => {
    const bindings = [
      binding('a', { principal: 'role:reader', role: 'auditor' }),
      binding('b', { principal: 'role:auditor', role: 'approver' }),
    ];
    const facts = { assignments: [assignment('approver')] };
    expect(permissionsOf({ policy: { bindings, roles: ROLES }, facts })).toEqual([APPROVE, READ, EXPORT]);
    const auditor = { assignments: [assignment('auditor')] };
    expect(permissionsOf({ policy: { bindings, roles: ROLES }, facts: auditor })).toEqual([APPROVE, READ, EXPORT]);
  });

  it('where bindings of roles to roles multiply beyond measure nothing is granted, and denies are not overlooked', () => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
    const roles = rolesOf(Object.fromEntries(keys.map((key) => [key, { grants: [READ] }])));
    const bindings = keys.flatMap((from) =>
      keys.map((to) =>
        binding(`${from}-${to}`, { principal: `role:${from}`, role: to, condition: when(`context.${from}${to}`) }),
      ),
    );
    const situation = { policy: { roles, bindings }, facts: { assignments: [assignment('a')] } };
    expect(permissionsOf(situation)).toEqual([]);
    expect(codeOf(situation, READ)).toBe('no_grant');
  });

  it('a mapped group has what the group has, and what the groups have that it is in', () => {
    const mappings = [{ issuer: 'contoso', claim: 'groups' as const, value: 'g-1', role: null, group: 'fin' }];
    const facts = {
      assignments: [
        assignment('reader', { group: 'fin' }),
        assignment('auditor', { group: 'office' }),
        assignment('approver', { group: 'other' }),
      ],
      nesting: [{ group: 'fin', ancestor: 'office' }],
    };
    const claims = claimsOf({ groups: ['g-1'] });
    expect(permissionsOf({ policy: { roles: ROLES, mappings }, facts, claims })).toEqual([READ, EXPORT]);
    expect(permissionsOf({ policy: { roles: ROLES, mappings }, facts })).toEqual([]);
  });

  it('a condition on a mapping to a group is a condition on all that the group has', () => {
    const mapping = { issuer: 'contoso', claim: 'groups' as const, value: 'g-1', role: null, group: 'fin' };
    const of = (expression: string): Situation => ({
      policy: { roles: ROLES, mappings: [{ ...mapping, condition: when(expression) }] },
      facts: { assignments: [assignment('reader', { group: 'fin' })] },
      claims: claimsOf({ groups: ['g-1'] }),
    });
    expect(permissionsOf(of('yes'))).toEqual([READ]);
    expect(permissionsOf(of('no'))).toEqual([]);
    expect(codeOf(of('no'), READ)).toBe('condition_false');
  });

  it('an issuer without a name maps nothing', () => {
    const mappings = [{ issuer: '', claim: 'roles' as const, value: 'x', role: 'reader' }];
    expect(permissionsOf({ policy: { roles: ROLES, mappings }, claims: claimsOf({ issuer: '', roles: ['x'] }) })).toEqual([]);
  });

  it('windows count from their first moment up to, but not including, their last, also those of memberships', () => {
    const valid = { from: NOON - 10, until: NOON };
    const assigned = { assignments: [assignment('reader', { valid })] };
    const grouped = { groups: [member('fin', valid)], assignments: [assignment('reader', { group: 'fin' })] };
    for (const facts of [assigned, grouped]) {
      expect(permissionsOf({ policy: { roles: ROLES }, facts, now: NOON - 11 })).toEqual([]);
      expect(permissionsOf({ policy: { roles: ROLES }, facts, now: NOON - 10 })).toEqual([READ]);
      expect(permissionsOf({ policy: { roles: ROLES }, facts, now: NOON - 1 })).toEqual([READ]);
      expect(permissionsOf({ policy: { roles: ROLES }, facts, now: NOON })).toEqual([]);
      expect(codeOf({ policy: { roles: ROLES }, facts }, READ)).toBe('expired');
      expect(codeOf({ policy: { roles: ROLES }, facts, now: NOON - 11 }, READ)).toBe('not_yet_valid');
    }
  });

  it('an eligible assignment grants nothing, says so, and makes nobody a holder of the role', () => {
    const situation = {
      policy: { roles: ROLES, bindings: [binding('a', { principal: 'role:approver', permissions: [EXPORT] })] },
      facts: { assignments: [assignment('approver', { state: 'eligible' })] },
    };
    expect(permissionsOf(situation)).toEqual([]);
    expect(codeOf(situation, APPROVE)).toBe('eligible_not_active');
    expect(codeOf(situation, EXPORT)).toBe('eligible_not_active');
  });

  it('a condition or a tier that is there twice counts for neither', () => {
    const twice = ['yes', 'yes'].map((expression) => ({ key: 'c', expression }));
    const facts = {
      assignments: [assignment('reader', { condition: { key: 'c', params: {} } })],
      subscriptions: [{ tier: 'pro', valid: ALWAYS, graceUntil: null }],
    };
    expect(codeOf({ policy: { roles: ROLES, conditions: twice.slice(1) }, facts }, READ)).toBe('granted');
    expect(codeOf({ policy: { roles: ROLES, conditions: twice }, facts }, READ)).toBe('condition_error');
    const gates = [{ id: 'g', permissions: [READ], tier: 'pro', flags: [] }];
    const tiers = ['pro', 'pro'].map((key) => ({ key, flags: [] }));
    const gated = { roles: ROLES, conditions: twice.slice(1), gates };
    expect(codeOf({ policy: { ...gated, tiers: tiers.slice(1) }, facts }, READ)).toBe('granted');
    expect(codeOf({ policy: { ...gated, tiers }, facts }, READ)).toBe('gate.tier');
  });

  it('members that every object has are neither roles nor conditions nor groups', () => {
    for (const key of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(permissionsOf({ policy: { roles: ROLES }, facts: { assignments: [assignment(key)] } })).toEqual([]);
      const conditional = assignment('reader', { condition: { key, params: {} } });
      expect(codeOf({ policy: { roles: ROLES }, facts: { assignments: [conditional] } }, READ)).toBe('condition_error');
      expect(permissionsOf({ policy: { roles: ROLES }, facts: { assignments: [assignment('reader', { group: key })] } })).toEqual(
        [],
      );
    }
  });
});

describe('PermissionEngine: units', () => {
  const policy = { roles: ROLES };
  const facts = { assignments: [assignment('reader', { unit: 'org.emea' })] };
  const at = (unit: string | null) => granted({ policy, facts, unit });

  it('whoever holds it at the unit that is asked about or above holds it', () => {
    expect(at('org.emea').permissions).toEqual([READ]);
    expect(at('org.emea.ch').permissions).toEqual([READ]);
    expect(at('org.emeax').permissions).toEqual([]);
    expect(at('org.apac')).toMatchObject({ permissions: [], conditional: [] });
  });

  it('whoever holds it below only may hold it', () => {
    const residual = 'resource.unit == "org.emea" || resource.unit.startsWith("org.emea.")';
    for (const unit of [null, 'org']) {
      expect(at(unit)).toMatchObject({
        permissions: [],
        conditional: [{ permission: READ, residual, missing: ['resource.unit'] }],
        details: [{ type: 'billing_resource', actions: [READ], datatypes: [], unit: 'org.emea' }],
      });
    }
  });

  it('a resource is judged by its own unit', () => {
    const ask = (unit: string | null, about: string | null): string => codeOf({ policy, facts, unit: about }, READ, { unit });
    expect(ask('org.emea.ch', null)).toBe('granted');
    expect(ask('org.apac', 'org.emea')).toBe('no_grant');
    expect(ask(null, 'org.emea')).toBe('granted');
    expect(ask(null, null)).toBe('conditional');
  });
});

describe('PermissionEngine: ways of which one is wider', () => {
  const wide = assignment('reader', { id: 'wide', unit: 'org' });
  const narrow = [
    assignment('reader', { id: 'also', unit: 'org', condition: { key: 'c', params: {} } }),
    grant({ role: 'reader', permissions: [], unit: 'org', resource: { type: 'invoice', ids: ['i1'], path: null } }),
  ] as const;
  const expected = {
    conditional: [{ residual: 'resource.unit == "org" || resource.unit.startsWith("org.")', missing: ['resource.unit'] }],
    details: [{ datatypes: [], unit: 'org' }],
  };

  it('tells of the wider one alone, in whatever order they are found', () => {
    const roleless = { principal: 'role:reader', permissions: [EXPORT] };
    const policy = { roles: ROLES, bindings: [binding('on', roleless)], conditions: [{ key: 'c', expression: 'context.mfa' }] };
    for (const assignments of [
      [wide, narrow[0]],
      [narrow[0], wide],
    ]) {
      const said = granted({ policy, facts: { assignments, grants: [narrow[1]] }, context: null });
      expect(said.conditional.map(({ permission }) => permission)).toEqual([READ, EXPORT]);
      for (const each of said.conditional) expect([each]).toMatchObject(expected.conditional);
      expect(said.details).toMatchObject(expected.details);
    }
  });
});

describe('PermissionEngine: a call of which nothing is known', () => {
  const pep = { root: 'context', resourceType: null, type: 'bool', source: 'pep' } as const;
  const calling = (context: NonNullable<Situation['context']> | null): Situation => ({
    policy: {
      attributes: [
        { ...pep, name: 'mfa' },
        { ...pep, name: 'out' },
      ],
      conditions: [{ key: 'c', expression: 'context.mfa' }],
      roles: ROLES,
      denies: [
        {
          id: 'd',
          principals: ['all'],
          permissions: [EXPORT],
          except: [],
          condition: { key: null, expression: 'context.out', params: {} },
          valid: ALWAYS,
        },
      ],
      bindings: [binding('a', { permissions: [EXPORT] })],
    },
    facts: { assignments: [assignment('reader', { condition: { key: 'c', params: {} } })] },
    context,
  });

  it('leaves what is granted under a condition about it open, and denies apply, whether it is said to be settled or not', () => {
    for (const context of [null, {}]) {
      const said = granted(calling(context));
      expect([said.permissions, said.conditional.map(({ permission }) => permission)]).toEqual([[], [READ]]);
    }
    expect(granted(calling({ mfa: true, out: false })).permissions).toEqual([READ, EXPORT]);
    expect(granted(calling({ mfa: false, out: false })).conditional).toEqual([]);
  });
});

describe('PermissionEngine: grants on resources', () => {
  const policy = { roles: ROLES };
  const on = (resource: Partial<ResourceGrant['resource']>, more: Partial<ResourceGrant> = {}): Situation => ({
    policy,
    facts: {
      grants: [grant({ permissions: [READ], resource: { type: 'invoice', ids: null, path: null, ...resource }, ...more })],
    },
  });

  it('is conditional for the application, and says on which resources', () => {
    expect(granted(on({ ids: ['i1', 'i2'], path: '/emea/**' }))).toMatchObject({
      permissions: [],
      conditional: [
        {
          permission: READ,
          residual: 'resource.type == "invoice" && resource.id in ["i1","i2"] && resource.path.startsWith("/emea/")',
          missing: ['resource.id', 'resource.path', 'resource.type'],
        },
      ],
      details: [
        {
          type: 'billing_resource',
          actions: [READ],
          datatypes: ['invoice'],
          identifier: 'i1',
          path: '/emea/**',
          locations: [expect.any(String)],
        },
        { identifier: 'i2' },
      ],
    });
  });

  it('is decided for a resource', () => {
    expect(codeOf(on({ ids: ['i1'] }), READ, { id: 'i1' })).toBe('granted');
    expect(codeOf(on({ ids: ['i1'] }), READ, { id: 'i2' })).toBe('no_grant');
    expect(codeOf(on({ ids: ['i1'] }), READ, { id: null })).toBe('conditional');
    expect(codeOf(on({ ids: ['i1'] }), READ, { id: 'i1', type: 'report' })).toBe('no_grant');
    expect(codeOf(on({ ids: [] }), READ, { id: null })).toBe('no_grant');
    expect(codeOf(on({ path: '/emea/**' }), READ, { path: '/emea/ch' })).toBe('granted');
    expect(codeOf(on({ path: '/emea/**' }), READ, { path: '/emeax/ch' })).toBe('no_grant');
    expect(codeOf(on({ path: '/emea/ch' }), READ, { path: '/emea/ch/zh' })).toBe('no_grant');
  });

  it.each(['/emea/../apac', '/emea/..', '/emea/./x', '/../emea/x'])(
    'a path that means another place than it seems to grants nothing: %s',
    (path) => {
      expect(codeOf(on({ path: '/emea/**' }), READ, { path })).toBe('condition_error');
    },
  );

  it('gives a role on a resource', () => {
    expect(codeOf(on({ ids: ['i1'] }, { role: 'approver', permissions: [] }), APPROVE, { id: 'i1' })).toBe('granted');
  });

  it('is no detail where a condition has a say', () => {
    const situation = on({ ids: ['i1'] }, { condition: { key: 'small', params: {} } });
    const conditional = { ...situation, policy: { conditions: [{ key: 'small', expression: 'context.small' }] } };
    expect(granted({ ...conditional, context: null })).toMatchObject({ details: [], conditional: [{ permission: READ }] });
  });
});
