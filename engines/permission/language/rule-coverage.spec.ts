import { describe, expect, it } from '@jest/globals';
import { report } from './fixtures/tested-policy.fixture.js';

describe('Coverage of rules', () => {
  const hits = (sections: object): Readonly<Record<string, number>> =>
    Object.fromEntries(report(sections).coverage.map(({ rule, hits: count }) => [rule, count]));
  const about = (name: string, given: object = {}): object => ({ name, given: { subject: name, ...given }, expect: {} });

  it('names every rule, and every condition twice', () => {
    const all = hits({
      tests: [{ name: 'all', given: { all_subjects: true }, invariant: 'superset_of_live', permissions: ['**'] }],
    });
    expect(Object.keys(all)).toEqual([
      'role:clerk',
      'role:lead',
      'role:reporter',
      'mapping:contoso:groups=fin->group:finance',
      'binding:finance',
      'binding:small',
      'gate:reports',
      'deny:elsewhere',
      'stepUp:mfa',
      'condition:at_home=true',
      'condition:at_home=false',
      'condition:employed=true',
      'condition:employed=false',
      'condition:senior=true',
      'condition:senior=false',
      'condition:binding:small=true',
      'condition:binding:small=false',
      'condition:deny:elsewhere=true',
      'condition:deny:elsewhere=false',
    ]);
    expect(new Set(Object.values(all))).toEqual(new Set([0]));
  });

  it('counts what took part, once for each test', () => {
    const subjects = {
      fin: { idp: { issuer: 'contoso', groups: ['fin'] } },
      out: { idp: { issuer: 'contoso', groups: ['other'] } },
      lead: { assignments: [{ role: 'lead', when: 'senior', params: { least: 2 } }], attributes: { level: 2 } },
      rep: { assignments: [{ role: 'reporter' }] },
    };
    const tests = [
      about('fin'),
      about('out'),
      about('lead'),
      about('rep', { tenant: { tier: 'pro' }, context: { ip: '203.0.113.9' } }),
    ];
    const counted = hits({ subjects, tests });
    expect(counted).toMatchObject({
      'role:clerk': 2,
      'role:lead': 1,
      'role:reporter': 1,
      'mapping:contoso:groups=fin->group:finance': 1,
      'binding:finance': 1,
      'binding:small': 0,
      'gate:reports': 0,
      'deny:elsewhere': 1,
      'stepUp:mfa': 1,
      'condition:senior=true': 1,
      'condition:senior=false': 0,
      'condition:deny:elsewhere=true': 1,
      'condition:binding:small=true': 0,
    });
  });

  it('a rule that speaks of others, or blocks what nobody would have had, takes no part', () => {
    const counted = hits({ subjects: { nobody: {} }, tests: [about('nobody', { context: { ip: '203.0.113.9' } })] });
    expect(Object.entries(counted).filter(([rule, count]) => count > 0 && !rule.startsWith('condition:deny:'))).toEqual([]);
  });

  it('a role that did not count, since it is over or only eligible, takes no part', () => {
    const over = { role: 'lead', valid: { until: '2026-05-01T00:00:00Z' } };
    const subjects = { past: { assignments: [over, { role: 'reporter', state: 'eligible' }] } };
    expect(hits({ subjects, tests: [about('past')] })).toMatchObject({ 'role:lead': 0, 'role:clerk': 0, 'role:reporter': 0 });
  });

  it('conditions of bindings count for those whom the binding is for, on resources', () => {
    const check = { permission: 'billing:invoice:delete', resource: { type: 'invoice', amount: 5 }, expect: 'step_up_required' };
    const tests = [
      {
        name: 'jun',
        given: { subject: 'jun' },
        checks: [check, { ...check, resource: { type: 'invoice', amount: 50 }, expect: 'condition_false' }],
      },
    ];
    const of = (groups: readonly string[]): Readonly<Record<string, number>> => hits({ subjects: { jun: { groups } }, tests });
    expect(of(['juniors'])).toMatchObject({
      'condition:binding:small=true': 1,
      'condition:binding:small=false': 1,
      'binding:small': 1,
    });
    expect(of([])).toMatchObject({ 'condition:binding:small=true': 0, 'condition:binding:small=false': 0 });
  });
});
