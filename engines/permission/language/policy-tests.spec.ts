import { describe, expect, it } from '@jest/globals';
import { BILLING, language } from './fixtures/language.fixture.js';
import { NOW, POLICY, report, TEST_FILE as FILE } from './fixtures/tested-policy.fixture.js';

const EXPECTED = { permissions: { count: 0 } };

/** How one test of one persona differs from what it expects. */
function differencesOf(persona: object, test: object, more: object = {}): readonly string[] {
  const [result] = report({
    subjects: { ana: persona },
    tests: [{ name: 't', given: { subject: 'ana' }, ...test }],
    ...more,
  }).results;
  expect(result?.passed).toBe(result?.differences.length === 0);
  return result?.differences ?? [];
}

const expecting = (persona: object, expected: object, given: object = {}): readonly string[] =>
  differencesOf(persona, { given: { subject: 'ana', ...given }, expect: expected });

function faultsOf(sections: object): readonly string[] {
  const reading = language.readTests({ ...FILE, ...sections });
  return reading.ok ? [] : reading.faults.map(({ path, message }) => `${path}: ${message}`);
}

describe('Reading policy tests', () => {
  const test = { name: 't', given: { subject: 'ana', now: NOW }, expect: EXPECTED };
  const subjects = { ana: {} };

  it('answers the name of the file, its tests, and which of them are about all stored subjects', () => {
    const all = { name: 'all', given: { all_subjects: true }, invariant: 'superset_of_live', permissions: ['**:read'] };
    expect(language.readTests({ ...FILE, subjects, tests: [test, all] })).toMatchObject({
      ok: true,
      file: {
        name: 'some',
        tests: [{}, {}],
        invariants: [{ name: 'all', invariant: 'superset_of_live', permissions: ['**:read'], audience: null }],
      },
    });
  });

  it.each<readonly [object, readonly string[]]>([
    [
      { tests: [{ ...test, given: { subject: 'anna', now: NOW } }], subjects },
      ['tests[0].given.subject: there is no subject anna in this file; did you mean ana?'],
    ],
    [{ tests: [{ ...test, given: { now: NOW } }], subjects }, ['tests[0].given.subject: missing']],
    [{ tests: [{ ...test, given: { subject: 'ana' } }], subjects }, ['tests[0].given.now: missing, here and in defaults']],
    [
      { tests: [{ ...test, given: { ...test.given, context: 'crop' } }], subjects, contexts: { corp: {} } },
      ['tests[0].given.context: there is no context crop in this file; did you mean corp?'],
    ],
    [{ tests: [{ name: 't', given: test.given }], subjects }, ['tests[0]: expected expect, checks or both']],
    [{ tests: [test, test], subjects }, ['tests[1].name: another test has this name']],
    [{ tests: [{ ...test, expects: {} }], subjects }, ['tests[0].expects: unknown member; did you mean expect?']],
    [
      { tests: [{ ...test, invariant: 'superset_of_live' }], subjects },
      ['tests[0]: invariant and permissions belong to a test about all_subjects'],
    ],
    [{ tests: [{ name: 't', given: { all_subjects: true } }] }, ['tests[0]: expected an invariant and its permissions']],
    [
      { tests: [test], subjects: { ana: { registered: false, attributes: { level: 1 } } } },
      ['subjects.ana: somebody who is not registered has nothing that is stored: leave it out'],
    ],
    [
      { tests: [test], subjects: { ana: { grants: [{ resource: { type: 'invoice' } }] } } },
      ['subjects.ana.grants[0]: expected either role or permissions'],
    ],
  ])('tells what is wrong with %j', (sections, faults) => {
    expect(faultsOf(sections)).toEqual(faults);
  });

  it('knows the codes of decisions', () => {
    const explain = { 'a:b:c': { code: 'no_grants' } };
    expect(faultsOf({ tests: [{ ...test, expect: { explain } }], subjects })).toEqual([
      expect.stringMatching(/^tests\[0\]\.expect\.explain\.a:b:c\.code: /),
    ]);
  });

  it('never takes a test that would prove nothing', () => {
    expect(faultsOf({ tests: [] })).toHaveLength(1);
    expect(faultsOf({})).toHaveLength(1);
  });
});

describe('Running policy tests', () => {
  const clerk = { assignments: [{ role: 'clerk' }] };

  it('passes what is as expected', () => {
    expect(expecting(clerk, { permissions: { exact: ['billing:invoice:read'] } })).toEqual([]);
    expect(
      expecting(clerk, { permissions: { include: ['**:read'] }, explain: { 'billing:invoice:read': { decision: 'allow' } } }),
    ).toEqual(['permissions: expected and not held: billing:report:read']);
  });

  it('tells what was expected and what came', () => {
    const lead = { assignments: [{ role: 'lead' }], idp: { issuer: 'contoso', acr: 'mfa' } };
    expect(
      expecting(lead, {
        permissions: { exact: ['billing:invoice:read', 'billing:report:read'], exclude: ['**:delete'], count: 7 },
        conditional: { 'billing:invoice:read': 'resource.amount < 1' },
        horizon: '2026-06-01T00:00:00Z',
        refused: 'PERMISSION_NONE',
        details: [{ path: '/emea/**' }],
        explain: { 'billing:invoice:delete': { decision: 'deny', code: 'deny_rule' } },
      }),
    ).toEqual([
      'refused: expected PERMISSION_NONE, came an answer',
      'permissions: expected and not held: billing:report:read',
      'permissions: held and not expected: billing:invoice:delete',
      'permissions: held although excluded: billing:invoice:delete',
      'permissions: count: expected 7, came 2 (billing:invoice:delete, billing:invoice:read)',
      'conditional billing:invoice:read: expected resource.amount < 1, came nothing',
      'details: expected {"path":"/emea/**"}, came nothing like it',
      'horizon: expected 2026-06-01T00:00:00Z, came none',
      'explain billing:invoice:delete: expected deny, came allow (granted)',
      'explain billing:invoice:delete: expected deny_rule, came granted',
    ]);
  });

  it('fails a conditional permission that is not expected', () => {
    const junior = { groups: ['juniors'], idp: { issuer: 'contoso', acr: 'mfa' } };
    expect(expecting(junior, { conditional: {}, details: [] })).toEqual([
      expect.stringMatching(
        /^conditional billing:invoice:delete: expected nothing, came resource\.type == "invoice" && resource\.amount < 10$/,
      ),
    ]);
  });

  it('takes no refusal for an empty set, but the one that says that nothing is held', () => {
    expect(expecting({}, { permissions: { exact: [] } })).toEqual([]);
    const suspended = { tenant: { status: 'suspended' } };
    expect(expecting(clerk, { permissions: { exact: [] } }, suspended)).toEqual([
      expect.stringMatching(/^refused: expected an answer, came TENANT_SUSPENDED/),
    ]);
    expect(expecting(clerk, { refused: 'TENANT_SUSPENDED' }, suspended)).toEqual([]);
    expect(expecting({ ...clerk, status: 'disabled' }, { refused: 'SUBJECT_DISABLED' })).toEqual([]);
  });

  it('fails on a permission that the application does not have', () => {
    expect(expecting(clerk, { permissions: { exclude: ['billing:invoice:aprove'] } })).toEqual([
      'permissions.exclude[0]: billing:invoice:aprove matches no permission of the registered applications',
    ]);
    expect(expecting(clerk, { explain: { 'billing:invoice:aprove': { decision: 'deny', code: 'no_grant' } } })).toEqual([
      'explain billing:invoice:aprove: expected no_grant, came permission_unknown',
    ]);
  });

  it('fails on a value that no rule reads', () => {
    const check = { permission: 'billing:invoice:read', resource: { type: 'invoice', amuont: 1 }, expect: 'allow' };
    const test = {
      given: { subject: 'ana', context: { ipp: 'x' }, tenant: { attributes: { tier: 'pro', size: 1 } } },
      checks: [check],
    };
    expect(differencesOf({ ...clerk, attributes: { leevel: 1 } }, test)).toEqual([
      'given: subject.leevel is not declared in the policy, so nothing reads it',
      'given: tenant.size is not declared in the policy, so nothing reads it',
      'given: context.ipp is not declared in the policy, so nothing reads it',
      'given: resource invoice.amuont is not declared in the policy, so nothing reads it',
    ]);
  });

  it('takes an audience, a prefix, or the only application that there is', () => {
    const tests = [{ name: 't', given: { subject: 'ana' }, expect: { permissions: { exact: ['billing:invoice:read'] } } }];
    const of = (audience: object): readonly string[] =>
      report({ subjects: { ana: clerk }, tests, defaults: { now: NOW, ...audience } }).results[0]?.differences ?? [];
    expect(of({ audience: 'https://billing.test' })).toEqual([]);
    expect(of({ audience: 'biling' })).toEqual(['given.audience: there is no application biling; there are billing, other']);
    expect(of({})).toEqual(['given.audience: no audience is given; there are billing, other']);
  });

  it('lets no test of one file pass for one of another', () => {
    const tests = [{ name: 'same', given: { subject: 'ana' }, expect: EXPECTED }];
    const reading = language.readTests({ ...FILE, defaults: { now: NOW, audience: 'billing' }, subjects: { ana: {} }, tests });
    if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
    const { results } = language.runTests(POLICY, [reading.file, reading.file], [BILLING]);
    expect(results).toEqual([
      { name: 'same', passed: true, differences: [] },
      { name: 'same (again)', passed: false, differences: ['another test has this name'] },
    ]);
  });

  it('answers tests about all stored subjects as not passed', () => {
    const tests = [{ name: 'all', given: { all_subjects: true }, invariant: 'superset_of_live', permissions: ['**'] }];
    expect(report({ tests }).results).toEqual([
      { name: 'all', passed: false, differences: ['asks about all stored subjects, which are not here'] },
    ]);
    const made = language.runTests(POLICY, [{ name: 'x', tests: [{ name: 't' }], invariants: [] }], [BILLING]);
    expect(made.results).toMatchObject([{ passed: false }]);
  });
});

describe('What a persona and a test may say', () => {
  const read = { permissions: { exact: ['billing:invoice:read'] } };
  const none = { permissions: { exact: [] } };

  it('claims of a token, with groups that are not known', () => {
    expect(expecting({ idp: { issuer: 'contoso', groups: ['fin'] } }, read)).toEqual([]);
    expect(expecting({ registered: false, idp: { issuer: 'contoso', groups: ['fin'] } }, read)).toEqual([]);
    expect(expecting({ idp: { issuer: 'elsewhere', groups: ['fin'] } }, none)).toEqual([]);
    expect(expecting({ idp: { issuer: 'contoso', groups: null } }, { refused: 'GROUPS_OVERAGE_UNRESOLVED' })).toEqual([]);
  });

  it('groups and assignments in their windows, and assignments of groups', () => {
    const over = { valid: { until: NOW } };
    expect(expecting({ groups: ['finance'] }, read)).toEqual([]);
    expect(expecting({ groups: [{ key: 'finance', ...over }] }, none)).toEqual([]);
    expect(expecting({ assignments: [{ role: 'clerk', ...over }] }, none)).toEqual([]);
    expect(expecting({ assignments: [{ role: 'clerk', state: 'eligible' }] }, none)).toEqual([]);
    expect(expecting({ groups: ['x'], assignments: [{ role: 'clerk', group: 'x' }] }, read)).toEqual([]);
    expect(expecting({ assignments: [{ role: 'clerk', group: 'x' }] }, none)).toEqual([]);
    expect(expecting({ assignments: [{ role: 'clerk', unit: 'org.emea' }] }, read, { unit: 'org.emea.ch' })).toEqual([]);
  });

  it('attributes, whoever tells them, and that one cannot be told', () => {
    const senior = { attributes: { level: 4 }, assignments: [{ role: 'clerk', when: 'senior', params: { least: 4 } }] };
    expect(expecting(senior, read)).toEqual([]);
    expect(expecting({ ...senior, attributes: { level: 3 } }, none)).toEqual([]);
    const employed = { attributes: { employment: 'yes' }, assignments: [{ role: 'clerk', when: 'employed' }] };
    expect(expecting(employed, read)).toEqual([]);
    expect(expecting(employed, none, { unavailable: ['subject.employment'] })).toEqual([]);
  });

  it('tiers, subscriptions with grace, and flags in their windows', () => {
    const reporter = { assignments: [{ role: 'reporter' }] };
    const reads = { permissions: { include: ['billing:report:read'] } };
    const ended = { tier: 'pro', valid: { until: '2026-05-01T00:00:00Z' } };
    expect(expecting(reporter, reads, { tenant: { tier: 'pro' } })).toEqual([]);
    expect(expecting(reporter, none, { tenant: { tier: 'team' } })).toEqual([]);
    expect(expecting(reporter, none, { tenant: { subscriptions: [ended] } })).toEqual([]);
    expect(
      expecting(reporter, reads, { tenant: { subscriptions: [{ ...ended, grace_until: '2026-06-01T00:00:00Z' }] } }),
    ).toEqual([]);
    expect(expecting(reporter, reads, { tenant: { flags: ['reports'] } })).toEqual([]);
    expect(expecting(reporter, none, { tenant: { flags: [{ key: 'reports', enabled: false }] } })).toEqual([]);
    expect(expecting(reporter, none, { tenant: { flags: [{ key: 'reports', valid: { until: NOW } }] } })).toEqual([]);
  });

  it('the session over what the token says, and limits of tenant, client and actor', () => {
    const lead = { assignments: [{ role: 'lead' }], idp: { issuer: 'contoso', acr: 'mfa' } };
    const both = { permissions: { exact: ['billing:invoice:*'] } };
    expect(expecting(lead, both)).toEqual([]);
    expect(expecting(lead, read, { session: { acr: 'pwd' } })).toEqual([]);
    expect(expecting(lead, read, { boundary: ['**:read'] })).toEqual([]);
    expect(expecting(lead, read, { ceiling: ['**:read'] })).toEqual([]);
    expect(expecting(lead, read, { tenant: { boundary: ['**:read'] } })).toEqual([]);
  });

  it('a context by name, in place, empty, or not settled; checks may have another', () => {
    const reporter = { assignments: [{ role: 'reporter' }] };
    const given = { subject: 'ana', tenant: { tier: 'pro' } };
    const exported = { permission: 'billing:report:export' };
    const test = {
      given: { ...given, context: 'home' },
      expect: { permissions: { count: 2 } },
      checks: [
        { ...exported, expect: 'allow' },
        { ...exported, context: { ip: '203.0.113.9' }, expect: 'deny_rule' },
        { ...exported, context: {}, expect: 'deny_rule' },
        { ...exported, context: null, expect: 'deny' },
      ],
    };
    expect(differencesOf(reporter, test, { contexts: { home: { ip: '10.1.2.3' } } })).toEqual([]);
  });

  it('grants on resources', () => {
    const grantee = { grants: [{ role: 'clerk', resource: { type: 'invoice', id: 'i1' } }] };
    const check = (id: string, expected: string): object => ({
      permission: 'billing:invoice:read',
      resource: { type: 'invoice', id },
      expect: expected,
    });
    expect(differencesOf(grantee, { checks: [check('i1', 'allow'), check('i2', 'allow')] })).toEqual([
      expect.stringMatching(/^checks\[1\] billing:invoice:read: check: expected allow, came deny/),
    ]);
    expect(expecting(grantee, { details: [{ identifier: 'i1' }] })).toEqual([]);
  });
});

describe('Schemas of policy files and tests', () => {
  it('are closed, and know every section', () => {
    const { policy, tests } = language.schemas();
    expect(policy).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['apiVersion', 'kind', 'metadata', 'roles'],
    });
    expect(policy['properties']).toMatchObject({
      stepUps: {},
      tiers: {},
      conditions: {},
      attributes: { additionalProperties: false },
    });
    expect(tests).toMatchObject({
      additionalProperties: false,
      properties: { subjects: {}, contexts: {}, defaults: {}, tests: {} },
    });
  });
});
