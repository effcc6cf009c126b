import { describe, expect, it } from '@jest/globals';
import type { Deny, PolicyContent } from '#accessors/policy/contract.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import { APPROVE, binding, codeOf, EXPORT, granted, READ, when, type Situation } from './fixtures/asking.fixture.js';
import { assignment, claimsOf, NOON, rolesOf, SUBJECT } from './fixtures/question.fixture.js';

const ALL = binding('all', { permissions: ['**'] });
const deny = (more: Partial<Deny>): Deny => ({
  id: 'deny',
  principals: ['all'],
  permissions: [EXPORT],
  except: [],
  condition: null,
  valid: ALWAYS,
  ...more,
});
const under = (more: Partial<Deny>, rest: Situation & { readonly policy?: Partial<PolicyContent> } = {}): Situation => ({
  ...rest,
  policy: { bindings: [ALL], denies: [deny(more)], ...rest.policy },
});
const isDenied = (situation: Situation): boolean => {
  const isMissing = !granted(situation).permissions.includes(EXPORT);
  const { allowed } = { allowed: codeOf(situation, EXPORT) === 'granted' };
  expect(allowed).toBe(!isMissing);
  return isMissing;
};

describe('PermissionEngine: denies', () => {
  it('take away whatever grants it, and nothing else', () => {
    expect(granted(under({})).permissions).toEqual([APPROVE, READ]);
    expect(codeOf(under({}), EXPORT)).toBe('deny_rule');
    const roles = rolesOf({ auditor: { grants: ['**'] } });
    expect(isDenied(under({}, { policy: { roles }, facts: { assignments: [assignment('auditor')] } }))).toBe(true);
  });

  it('apply when their condition is true, fails, does not compile, or is not known', () => {
    expect(isDenied(under({ condition: when('yes') }))).toBe(true);
    expect(isDenied(under({ condition: when('no') }))).toBe(false);
    expect(isDenied(under({ condition: when('broken') }))).toBe(true);
    expect(isDenied(under({ condition: when('nonsense that is no condition') }))).toBe(true);
    expect(isDenied(under({ condition: when('context.office') }))).toBe(true);
    expect(isDenied(under({ condition: when('context.office') }, { context: null }))).toBe(true);
    expect(isDenied(under({ condition: when('subject.level') }))).toBe(true);
  });

  it('name everybody, a subject, a group or a role, and except them likewise', () => {
    const roles = rolesOf({ clerk: {}, lead: { inherits: ['clerk'] } });
    const ana = { subject: SUBJECT, groups: [{ key: 'fin', valid: ALWAYS }], assignments: [assignment('lead')] };
    for (const selector of ['all', 'subject:ana', 'group:fin', 'role:lead', 'role:clerk']) {
      const named = { policy: { roles }, facts: ana };
      expect(isDenied(under({ principals: [selector] }, named))).toBe(true);
      expect(isDenied(under({ principals: ['all'], except: [selector] }, named))).toBe(false);
    }
    for (const selector of ['subject:bo', 'group:hr', 'role:boss']) {
      const named = { policy: { roles }, facts: ana };
      expect(isDenied(under({ principals: [selector] }, named))).toBe(false);
      expect(isDenied(under({ principals: ['all'], except: [selector] }, named))).toBe(true);
    }
  });

  it('reach groups that claims are mapped to, and the groups that these are in', () => {
    const mappings = [{ issuer: 'contoso', claim: 'groups' as const, value: 'g-1', role: null, group: 'fin' }];
    const rest = {
      policy: { mappings },
      facts: { nesting: [{ group: 'fin', ancestor: 'office' }] },
      claims: claimsOf({ groups: ['g-1'] }),
    };
    expect(isDenied(under({ principals: ['group:fin'] }, rest))).toBe(true);
    expect(isDenied(under({ principals: ['group:office'] }, rest))).toBe(true);
    expect(isDenied(under({ principals: ['group:office'] }, { ...rest, claims: claimsOf({}) }))).toBe(false);
  });

  it('apply when it is uncertain whether they concern the subject, or whether they except it', () => {
    const roles = rolesOf({ guest: {}, auditor: {} });
    const conditions = ['yes', 'no', 'broken', 'context.office'].map((expression, at) => ({ key: `c${at}`, expression }));
    const of = (role: string, key: string): Situation & { policy: Partial<PolicyContent> } => ({
      policy: { roles, conditions },
      facts: { assignments: [assignment(role, { condition: { key, params: {} } })] },
    });
    const concerns = ['c0', 'c1', 'c2', 'c3', 'gone'].map((key) =>
      isDenied(under({ principals: ['role:guest'] }, of('guest', key))),
    );
    expect(concerns).toEqual([true, false, true, true, true]);
    const excepts = ['c0', 'c1', 'c2', 'c3', 'gone'].map((key) =>
      isDenied(under({ except: ['role:auditor'] }, of('auditor', key))),
    );
    expect(excepts).toEqual([false, true, true, true, true]);
  });

  it('an eligible role does not except anybody', () => {
    const roles = rolesOf({ auditor: {} });
    const facts = { assignments: [assignment('auditor', { state: 'eligible' })] };
    expect(isDenied(under({ except: ['role:auditor'] }, { policy: { roles }, facts }))).toBe(true);
  });

  it('count within their window alone', () => {
    expect(isDenied(under({ valid: { from: NOON, until: null } }))).toBe(true);
    expect(isDenied(under({ valid: { from: NOON + 1, until: null } }))).toBe(false);
    expect(isDenied(under({ valid: { from: null, until: NOON } }))).toBe(false);
  });

  it('that cannot be read are about every permission and everybody', () => {
    expect(granted(under({ permissions: ['billing:**:read'] })).permissions).toEqual([]);
    expect(isDenied(under({ principals: ['grup:fin'] }))).toBe(true);
    expect(isDenied(under({ except: ['all but me'] }))).toBe(true);
  });
});

describe('PermissionEngine: denies that are about some resources', () => {
  const byCondition = (expression: string): Situation => under({ condition: when(expression) });

  it('leave the permission conditional as long as no resource is named', () => {
    expect(granted(byCondition('resource.secret'))).toMatchObject({
      permissions: [APPROVE, READ],
      conditional: [{ permission: EXPORT, residual: '!(resource.secret)', missing: ['resource.secret'] }],
      details: [],
    });
    expect(codeOf(byCondition('resource.secret'), EXPORT)).toBe('conditional');
  });

  it('apply when anything else is unknown too', () => {
    expect(codeOf(byCondition('resource.secret && context.office'), EXPORT)).toBe('deny_rule');
    expect(granted(byCondition('resource.secret && context.office')).conditional).toEqual([]);
  });

  it('apply to a resource of which it is not known', () => {
    const attributes = [{ root: 'resource' as const, resourceType: 'report', name: 'secret', type: 'bool', source: 'pep' }];
    const situation = under({ condition: when('resource.secret') }, { policy: { attributes } });
    const ask = (given: Record<string, boolean>): string => codeOf(situation, EXPORT, { type: 'report', attributes: given });
    expect(ask({ secret: false })).toBe('granted');
    expect(ask({ secret: true })).toBe('deny_rule');
    expect(ask({})).toBe('deny_rule');
    expect(codeOf(situation, EXPORT, { type: 'invoice', attributes: { secret: false } })).toBe('deny_rule');
  });

  it('of a role that is held in some units, or on some resources', () => {
    const roles = rolesOf({ guest: {} });
    const facts = { assignments: [assignment('guest', { unit: 'org.emea' })] };
    const situation = under({ principals: ['role:guest'] }, { policy: { roles }, facts });
    const where = 'resource.unit == "org.emea" || resource.unit.startsWith("org.emea.")';
    expect(granted(situation).conditional).toEqual([{ permission: EXPORT, residual: `!(${where})`, missing: ['resource.unit'] }]);
    expect(codeOf(situation, EXPORT, { unit: 'org.emea.ch' })).toBe('deny_rule');
    expect(codeOf(situation, EXPORT, { unit: 'org.apac' })).toBe('granted');
    expect(codeOf(situation, EXPORT, { unit: null })).toBe('deny_rule');
  });

  it('that may except leave it conditional on the exception', () => {
    const roles = rolesOf({ auditor: {} });
    const facts = { assignments: [assignment('auditor', { unit: 'org.emea' })] };
    const situation = under({ except: ['role:auditor'] }, { policy: { roles }, facts });
    const where = 'resource.unit == "org.emea" || resource.unit.startsWith("org.emea.")';
    expect(granted(situation).conditional).toMatchObject([{ permission: EXPORT, residual: `!(!(${where}))` }]);
  });

  it('and ways that are open are told together', () => {
    const bindings = [
      binding('small', { permissions: [EXPORT], condition: when('resource.small') }),
      binding('own', { permissions: [EXPORT], condition: when('resource.own') }),
    ];
    const denies = [deny({ condition: when('resource.secret') }), deny({ id: 'two', condition: when('resource.locked') })];
    expect(granted({ policy: { bindings, denies } }).conditional).toEqual([
      {
        permission: EXPORT,
        residual: '!(resource.locked) && !(resource.secret) && (resource.own || resource.small)',
        missing: ['resource.locked', 'resource.own', 'resource.secret', 'resource.small'],
      },
    ]);
  });
});
