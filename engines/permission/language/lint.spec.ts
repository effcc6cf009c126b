import { describe, expect, it } from '@jest/globals';
import type { PolicyContent, RoleDefinition } from '#accessors/policy/contract.js';
import { EMPTY_POLICY } from '#accessors/policy/contract.js';
import { BILLING, contentOf, language } from './fixtures/language.fixture.js';

const surroundings = { applications: [BILLING], issuers: ['contoso'], factSources: ['hr'] };
const lines = (list: readonly { readonly path: string; readonly message: string }[]): readonly string[] =>
  list.map(({ path, message }) => `${path}: ${message}`);
const faultsIn = (content: PolicyContent): readonly string[] => lines(language.lint(content, surroundings).faults);
const faultsOf = (sections: object): readonly string[] => faultsIn(contentOf(sections));
const warningsOf = (sections: object): readonly string[] => lines(language.lint(contentOf(sections), surroundings).warnings);
const pathsOf = (found: readonly string[]): readonly string[] => found.map((line) => line.slice(0, line.indexOf(':')));

const role = (key: string, more: Partial<RoleDefinition> = {}): RoleDefinition => ({
  key,
  inherits: [],
  grants: [],
  exclude: [],
  ...more,
});
const rolePaths = (roles: readonly RoleDefinition[]): readonly string[] => pathsOf(faultsIn({ ...EMPTY_POLICY, roles }));
const deny = { id: 'd', principals: ['all'], permissions: ['**'] };
const clerk = { clerk: { grants: ['billing:invoice:*'] } };

describe('Checking roles and mappings', () => {
  it('finds nothing wrong with a sound policy', () => {
    const roles = {
      clerk: { grants: ['billing:invoice:*'], exclude: ['billing:invoice:delete'] },
      lead: { inherits: ['clerk'], grants: ['**:read'] },
    };
    const mappings = [{ issuer: 'contoso', claim: 'groups', equals: 'fin', role: 'lead' }];
    expect(language.lint(contentOf({ roles, mappings }), surroundings)).toEqual({ faults: [], warnings: [] });
  });

  it('lists every fault, where it stands in the file', () => {
    const faults = faultsOf({
      roles: {
        clerk: { grants: ['billing:invoice:read', 'billing:**:read'], exclude: ['Billing:x'] },
        lead: { inherits: ['nobody', 'clerk'], grants: ['payroll:**', 'billing:invoice:read'] },
      },
      mappings: [
        { issuer: 'contoso', claim: 'roles', equals: 'z', role: 'ghost' },
        { issuer: 'contosso', claim: 'roles', equals: 'y', role: 'clerk' },
        { issuer: 'contoso', claim: 'roles', equals: 'x', role: 'clerk', group: 'fin' },
        { issuer: 'contoso', claim: 'roles', equals: 'w' },
      ],
    });
    expect(faults.toSorted()).toEqual([
      'mappings[0].role: there is no role ghost in this policy',
      'mappings[1].issuer: there is no trusted issuer contosso; did you mean contoso?',
      'mappings[2]: expected either role or group',
      'mappings[3]: expected either role or group',
      'roles.clerk.exclude[0]: not a permission name or pattern: segment 1 must be *, ** or lower-case letters, digits, - and _',
      'roles.clerk.grants[1]: not a permission name or pattern: ** may only be the first or last segment',
      'roles.lead.grants[0]: payroll:** matches no permission of the registered applications',
      'roles.lead.inherits[0]: there is no role nobody in this policy',
    ]);
  });

  it('finds roles that inherit from themselves, and not those that merely inherit from such a role', () => {
    const faults = rolePaths([
      role('self', { inherits: ['self'] }),
      role('a', { inherits: ['b'] }),
      role('b', { inherits: ['c'] }),
      role('c', { inherits: ['a'] }),
      role('below', { inherits: ['a'] }),
      role('apart'),
    ]);
    expect(faults.toSorted()).toEqual(['roles.a.inherits', 'roles.b.inherits', 'roles.c.inherits', 'roles.self.inherits']);
  });

  it('accepts eight steps of inheritance and refuses nine, by the longest way', () => {
    const chain = (steps: number): RoleDefinition[] =>
      Array.from({ length: steps + 1 }, (_, step) => role(`r${step}`, { inherits: step === 0 ? [] : [`r${step - 1}`, 'r0'] }));
    expect(rolePaths(chain(8))).toEqual([]);
    expect(rolePaths(chain(9))).toEqual(['roles.r9.inherits']);
  });

  it('is not exhausted by a chain of many thousand roles', () => {
    const chain = Array.from({ length: 5000 }, (_, step) => role(`r${step}`, { inherits: step === 0 ? [] : [`r${step - 1}`] }));
    expect(rolePaths(chain)).toHaveLength(5000 - 9);
  });

  it('checks content that no file was read for as well', () => {
    const content = contentOf({ roles: clerk, bindings: [{ id: 'b', principal: 'all', role: 'clerk' }] });
    const [binding] = content.bindings;
    if (binding === undefined) throw new Error('there is a binding');
    const use = { key: 'small', expression: 'true', params: {} };
    const condition = { key: 'small', expression: '1 == 2' };
    expect(
      faultsIn({
        ...content,
        roles: [role('a b'), role('twice'), role('twice')],
        conditions: [condition],
        bindings: [
          { ...binding, id: '', principal: 'everybody', role: null, unit: '..', condition: use },
          { ...binding, id: 'c', role: 'twice', resource: { type: 'x', ids: [], path: 'x' }, valid: { from: 2, until: 2 } },
        ],
      }),
    ).toEqual([
      'roles.twice: this role is defined twice',
      'roles.a b: expected letters, digits, . _ @ - and at most 128 characters',
      'bindings[0].id: expected letters, digits, . _ @ - and at most 128 characters',
      'bindings[0].principal: expected subject:KEY, group:KEY, role:KEY or all',
      'bindings[0]: expected either role or permissions',
      'bindings[0].unit: expected segments of lower-case letters, digits, _ and - joined by dots, such as org.emea',
      'bindings[1].resource.path: expected a path such as /emea/ch, or /emea/** for everything below',
      'bindings[1].resource.ids: expected at least one',
      'bindings[1].valid: this window is empty: it ends before it begins',
      'bindings[0].when: it is not what the condition small says',
    ]);
  });
});

describe('Checking rules', () => {
  it.each<readonly [object, readonly string[]]>([
    [
      { bindings: [{ id: 'b', principal: 'role:clark', role: 'clerk' }] },
      ['bindings[0].principal: there is no role clark in this policy; did you mean clerk?'],
    ],
    [
      { bindings: [{ id: 'b', principal: 'all', role: 'clerk', permissions: ['**'] }] },
      ['bindings[0]: expected either role or permissions'],
    ],
    [{ bindings: [{ id: 'b', principal: 'all' }] }, ['bindings[0]: expected either role or permissions']],
    [
      { bindings: ['b', 'a', 'b'].map((id) => ({ id, principal: 'all', role: 'clerk' })) },
      ['bindings[2].id: b is there already'],
    ],
    [{ gates: [{ id: 'g', permissions: ['**'] }] }, ['gates[0]: expected a tier, flags or both']],
    [
      { tiers: [{ key: 'pro' }], gates: [{ id: 'g', permissions: ['**:approve'], tier: 'por' }] },
      [
        'gates[0].permissions[0]: **:approve matches no permission of the registered applications',
        'gates[0].tier: there is no tier por in this policy; did you mean pro?',
      ],
    ],
    [{ tiers: [{ key: 'pro' }, { key: 'pro' }] }, ['tiers[1]: the tier pro is there already']],
    [{ denies: [{ ...deny, except: ['role:ghost'] }] }, ['denies[0].except[0]: there is no role ghost in this policy']],
    [
      { denies: [{ ...deny, principals: ['group:x', 'role:ghost'] }] },
      ['denies[0].principals[1]: there is no role ghost in this policy'],
    ],
    [
      { denies: [{ ...deny, valid: { from: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' } }] },
      ['denies[0].valid: this window is empty: it ends before it begins'],
    ],
    [{ stepUps: [{ id: 's', permissions: ['**'] }] }, ['stepUps[0]: expected acr, maxAuthAge or both']],
  ])('finds what is wrong with %j', (sections, faults) => {
    expect(faultsOf({ roles: clerk, ...sections })).toEqual(faults);
  });

  it('leaves alone what it is not told', () => {
    const content = contentOf({
      roles: clerk,
      mappings: [{ issuer: 'elsewhere', claim: 'roles', equals: 'x', role: 'clerk' }],
      attributes: { subject: { level: { type: 'int', source: 'elsewhere' } } },
    });
    expect(language.lint(content, { applications: [BILLING], issuers: null, factSources: null }).faults).toEqual([]);
    expect(language.lint(content, surroundings).faults).toHaveLength(2);
  });
});

describe('Checking attributes', () => {
  it.each<readonly [object, readonly string[]]>([
    [
      { subject: { level: { type: 'int', source: 'pep' } } },
      ['attributes.subject.level: subject attributes come from db or sts, not from pep'],
    ],
    [
      { tenant: { tier: { type: 'string', source: 'pep' } } },
      ['attributes.tenant.tier: tenant attributes come from db or sts, not from pep'],
    ],
    [
      { session: { acr: { type: 'string', source: 'pep' } } },
      ['attributes.session.acr: session attributes come from idp, not from pep'],
    ],
    [
      { context: { ip: { type: 'string', source: 'hr' } } },
      ['attributes.context.ip: context attributes come from pep, not from a fact source'],
    ],
    [{ subject: { level: { type: 'int', source: 'hrr' } } }, ['attributes.subject.level: there is no fact source hrr']],
    [{ subject: { level: { type: 'int', source: 'H R' } } }, ['attributes.subject.level: expected the name of a fact source']],
    [{ subject: { age: { type: 'int', source: 'sts' } } }, ['attributes.subject.age: sts tells key, kind, and nothing else']],
    [{ session: { sid: 'string' } }, ['attributes.session.sid: idp tells acr, amr, auth_time, and nothing else']],
    [{ session: { amr: 'string' } }, ['attributes.session.amr: expected list<string>']],
    [{ resource: { invoice: { id: 'string' } } }, ['attributes.resource.invoice.id: every resource has this; leave it out']],
    [
      { context: { a: 'text', b: 'list<>', c: 'map<int,int>', d: 'list<list<list<list<list<int>>>>>' } },
      ['a', 'b', 'c', 'd'].map(
        (name) =>
          `attributes.context.${name}: expected bool, int, double, string, timestamp, duration, list<TYPE> or map<string, TYPE>`,
      ),
    ],
  ])('finds what is wrong with %j', (attributes, faults) => {
    expect(faultsOf({ attributes })).toEqual(faults);
  });

  it('takes the types that conditions know', () => {
    const context = { a: 'bool', b: 'list<string>', c: 'map<string,list<int>>', d: 'timestamp', e: 'duration', f: 'double' };
    expect(faultsOf({ attributes: { context } })).toEqual([]);
  });
});

describe('Checking conditions', () => {
  const attributes = { resource: { invoice: { amount: 'int' }, report: { pages: 'int' } }, tenant: { ok: 'bool' } };
  const small = 'resource.amount < params.limit';

  it('compiles each one as it is used, with its parameters and its type of resource', () => {
    const binding = { principal: 'all', role: 'clerk', when: 'small' };
    const faults = faultsOf({
      attributes,
      roles: clerk,
      conditions: { small },
      bindings: [
        { ...binding, id: 'a', params: { limit: 5 }, resource: { type: 'invoice' } },
        { ...binding, id: 'b', params: { limit: 'five' }, resource: { type: 'invoice' } },
        { ...binding, id: 'c', params: { limit: 5 }, resource: { type: 'report' } },
        { ...binding, id: 'd', params: { most: 5 }, resource: { type: 'invoice' } },
        { ...binding, id: 'e', params: { limit: 5 } },
      ],
    });
    expect(pathsOf(faults)).toEqual(['bindings[1].when', 'bindings[2].when', 'bindings[3].when', 'bindings[4].when']);
  });

  it.each([
    ['an attribute that is not declared', 'tenant.unheard_of'],
    ['half a condition', 'tenant.ok &&'],
    ['what is neither true nor false', 'tenant.ok ? 1 : 2'],
    ['types that do not go together', '[1, 2].exists(x, tenant.ok + x)'],
    ['an attribute of this service that is not declared', 'subject.key == "a"'],
    ['a regular expression that is put together', '"a".matches("(" + "a)")'],
    ['one that is too long', `tenant.ok && ${'1 < 2 && '.repeat(300)}tenant.ok`],
  ])('refuses %s', (_what, when) => {
    expect(faultsOf({ attributes, denies: [{ ...deny, when }] })).not.toEqual([]);
    expect(faultsOf({ attributes, conditions: { named: when } })).not.toEqual([]);
  });

  it('tells the place in the text', () => {
    expect(faultsOf({ attributes, denies: [{ ...deny, when: 'tenant.ok && tenant.okay' }] })).toEqual([
      expect.stringMatching(/^denies\[0\]\.when: .*tenant\.okay.*\(at character 14\)$/),
    ]);
  });

  it('does not refuse a condition whose parameters only stored assignments give', () => {
    const content = contentOf({ attributes, conditions: { small, odd: 'params.a[0] == params.b' } });
    expect(language.lint(content, surroundings)).toEqual({
      faults: [],
      warnings: [
        { path: 'conditions.odd', message: 'no rule uses this condition, so that it could not be checked with its parameters' },
        { path: 'conditions.small', message: 'no rule uses this condition; assignments and grants may' },
      ],
    });
  });
});

describe('Warning of what may not be meant', () => {
  it('roles that nothing leads to, unless they say how they are assigned', () => {
    const roles = { base: {}, lone: { inherits: ['base'] }, meant: { assignment: { mode: 'eligible' } }, bound: {} };
    const bindings = [{ id: 'b', principal: 'all', role: 'bound' }];
    expect(pathsOf(warningsOf({ roles, bindings }))).toEqual(['roles.lone']);
  });

  it('grants that exclude takes away again', () => {
    const roles = {
      clerk: { grants: ['**:read', 'billing:invoice:*'], exclude: ['billing:invoice:**'], assignment: { mode: 'direct' } },
    };
    expect(warningsOf({ roles })).toEqual(['roles.clerk.grants[1]: exclude takes all of this away again']);
  });

  it('denies of what nobody is granted', () => {
    const roles = { clerk: { grants: ['billing:invoice:read'], assignment: { mode: 'direct' } } };
    const denies = [deny, { ...deny, id: 'idle', permissions: ['**:export'] }];
    expect(pathsOf(warningsOf({ roles, denies }))).toEqual(['denies[1].permissions']);
  });

  it('conditions that are always the same', () => {
    const denies = ['1 < 2', '"a" == "b"', '1 / 0 == 1'].map((when, at) => ({ ...deny, id: `d${at}`, when }));
    const roles = { clerk: { grants: ['**'], assignment: { mode: 'direct' } } };
    expect(warningsOf({ roles, denies })).toEqual([
      'denies[0].when: this condition reads nothing and is always true',
      'denies[1].when: this condition reads nothing and is always false',
      'denies[2].when: this condition reads nothing and is always an error',
    ]);
  });
});
