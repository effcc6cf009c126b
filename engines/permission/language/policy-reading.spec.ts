import { describe, expect, it } from '@jest/globals';
import type { PolicyContent } from '#accessors/policy/contract.js';
import { FRAME, language } from './fixtures/language.fixture.js';

const document = (sections: object): object => ({ ...FRAME, roles: { clerk: {} }, ...sections });

function contentOf(sections: object): PolicyContent {
  const reading = language.read(document(sections));
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.file.content;
}

function faultsOf(given: unknown): readonly string[] {
  const reading = language.read(given);
  return reading.ok ? [] : reading.faults.map(({ path, message }) => `${path}: ${message}`);
}

describe('Reading a policy file', () => {
  it('takes name and message from its metadata, with the usual ones where it does not say', () => {
    expect(language.read(document({}))).toMatchObject({ ok: true, file: { tenant: 'acme', set: 'main', message: '' } });
    const metadata = { tenant: 'acme', name: 'trial', message: 'try it' };
    expect(language.read({ ...document({}), metadata })).toMatchObject({ ok: true, file: { set: 'trial', message: 'try it' } });
  });

  it('puts named conditions and conditions in place into the rules that use them', () => {
    const { bindings } = contentOf({
      conditions: { small: 'resource.amount < params.limit\n' },
      bindings: [
        { id: 'a', principal: 'group:fin', role: 'clerk', when: 'small', params: { limit: 5 } },
        { id: 'b', principal: 'all', role: 'clerk', when: 'now.getHours() < 5' },
      ],
    });
    expect(bindings.map(({ condition }) => condition)).toEqual([
      { key: 'small', expression: 'resource.amount < params.limit', params: { limit: 5 } },
      { key: null, expression: 'now.getHours() < 5', params: {} },
    ]);
  });

  it('reads windows as moments and durations as seconds', () => {
    const content = contentOf({
      denies: [
        {
          id: 'd',
          principals: ['all'],
          permissions: ['**'],
          valid: { from: '2026-01-01T01:00:00+01:00', until: '2026-12-31T23:59:59.5Z' },
        },
      ],
      stepUps: ['8h', '30m', '1d', '45s'].map((maxAuthAge, at) => ({ id: `s${at}`, permissions: ['**'], maxAuthAge })),
    });
    expect(content.denies[0]?.valid).toEqual({ from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 11, 31, 23, 59, 59, 500) });
    expect(content.stepUps.map(({ maxAuthAgeSeconds }) => maxAuthAgeSeconds)).toEqual([28_800, 1800, 86_400, 45]);
  });

  it('knows who usually tells an attribute, and takes another one, or several', () => {
    const { attributes } = contentOf({
      attributes: {
        subject: { region: 'string', level: { type: 'int', source: ['hr', 'db'] } },
        session: { amr: 'list < string >' },
        context: { ip: 'string' },
        resource: { invoice: { amount: { type: 'int' } } },
      },
    });
    expect(attributes.map(({ root, resourceType, name, type, source }) => [root, resourceType, name, type, source])).toEqual([
      ['context', null, 'ip', 'string', 'pep'],
      ['resource', 'invoice', 'amount', 'int', 'pep'],
      ['session', null, 'amr', 'list<string>', 'idp'],
      ['subject', null, 'level', 'int', 'db'],
      ['subject', null, 'level', 'int', 'hr'],
      ['subject', null, 'region', 'string', 'db'],
    ]);
  });

  it('keeps the mode of a role and takes what is without effect yet', () => {
    const assignment = { mode: 'eligible', max_duration: '8h', approval: ['manager'], require_ticket: true };
    expect(contentOf({ roles: { approver: { assignment } } }).roles).toEqual([
      { key: 'approver', inherits: [], grants: [], exclude: [], assignment: 'eligible' },
    ]);
  });

  it('makes the same content of files that say the same in another order', () => {
    const one = contentOf({
      roles: { b: { grants: ['x:a:z', 'x:a:y'] }, a: { inherits: ['b', 'b'] } },
      mappings: [
        { issuer: 'i', claim: 'roles', equals: 'x', role: 'a', when: 'tenant.ok', params: { p: 1, q: { b: 1, a: 2 } } },
        { issuer: 'h', claim: 'roles', equals: 'x', role: 'a' },
      ],
      gates: [
        { id: 'h', permissions: ['x:a:y'], flags: ['b', 'a'] },
        { id: 'g', permissions: ['x:a:y'], tier: 't' },
      ],
    });
    const other = contentOf({
      gates: [
        { permissions: ['x:a:y'], tier: 't', id: 'g' },
        { id: 'h', permissions: ['x:a:y', 'x:a:y'], flags: ['a', 'b'] },
      ],
      mappings: [
        { issuer: 'h', claim: 'roles', equals: 'x', role: 'a' },
        { params: { q: { a: 2, b: 1 }, p: 1 }, issuer: 'i', claim: 'roles', equals: 'x', role: 'a', when: ' tenant.ok ' },
        { issuer: 'h', claim: 'roles', equals: 'x', role: 'a' },
      ],
      roles: { a: { inherits: ['b'] }, b: { grants: ['x:a:y', 'x:a:z', 'x:a:y'] } },
    });
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });

  it('keeps the order of tiers, which means something', () => {
    expect(contentOf({ tiers: [{ key: 'team' }, { key: 'pro' }, { key: 'a' }] }).tiers.map(({ key }) => key)).toEqual([
      'team',
      'pro',
      'a',
    ]);
  });
});

describe('Reading a policy file that cannot be read', () => {
  it('tells every fault at once, with its place', () => {
    expect(
      faultsOf({
        apiVersion: 'sts.policy/v1',
        kind: 'PolicySet',
        metadata: { tenant: 'Acme' },
        roles: { clerk: { grants: 'x:y:z' } },
        denies: [{ id: 'd', principals: [], permissions: ['**'], valid: { from: 'tomorrow' } }],
        stepUps: [{ id: 's', permissions: ['**'], maxAuthAge: '1w' }],
      }).map((fault) => fault.slice(0, fault.indexOf(':'))),
    ).toEqual([
      'apiVersion',
      'metadata.tenant',
      'roles.clerk.grants',
      'denies[0].principals',
      'denies[0].valid.from',
      'stepUps[0].maxAuthAge',
    ]);
  });

  it.each([
    [{ roles: { clerk: { grant: ['**'] } } }, 'roles.clerk.grant: unknown member; did you mean grants?'],
    [{ rolls: {} }, 'rolls: unknown member; did you mean roles?'],
    [{ stepups: [] }, 'stepups: unknown member; did you mean stepUps?'],
    [{ surprise: {} }, 'surprise: unknown member'],
    [
      { mappings: [{ issuer: 'i', claim: 'roles', equals: 'x', role: 'clerk', scope: 'org' }] },
      'mappings[0].scope: unknown member; the organisational subtree is called unit',
    ],
    [
      { attributes: { resource: { invoice: { amount: { type: 'int', soruce: 'pep' } } } } },
      'attributes.resource.invoice.amount.soruce: unknown member; did you mean source?',
    ],
    [
      { constraints: [{ id: 'sod', mutually_exclusive: ['a', 'b'] }] },
      'constraints: unknown member; separation of duties is not built: nothing would enforce it',
    ],
    [
      { conditions: { office_hours: 'true' }, bindings: [{ id: 'b', principal: 'all', role: 'clerk', when: 'ofice_hours' }] },
      'bindings[0].when: there is no condition ofice_hours in this policy; did you mean office_hours?',
    ],
    [
      { bindings: [{ id: 'b', principal: 'all', role: 'clerk', params: { a: 1 } }] },
      'bindings[0].params: there is no condition (when) for them',
    ],
    [
      { bindings: [{ id: 'b', principal: 'robot:x', role: 'clerk' }] },
      'bindings[0].principal: expected subject:KEY, group:KEY, role:KEY or all',
    ],
    [
      { bindings: [{ id: 'b', principal: 'all', role: 'clerk', unit: 'Org.emea' }] },
      'bindings[0].unit: expected segments of lower-case letters, digits, _ and - joined by dots, such as org.emea',
    ],
    [
      { bindings: [{ id: 'b', principal: 'all', role: 'clerk', resource: { type: 'invoice', path: '/a/*/b' } }] },
      'bindings[0].resource.path: expected a path such as /emea/ch, or /emea/** for everything below',
    ],
    [
      { conditions: { now: 'true' } },
      'conditions.now: this name: expected a letter or _, then letters, digits, _ and -, and no word that conditions use',
    ],
  ])('tells what is wrong with %j', (sections, fault) => {
    expect(faultsOf(document(sections))).toEqual([fault]);
  });

  it.each([
    ['2026-02-30T00:00:00Z'],
    ['2026-01-01T00:00:00'],
    ['2026-01-01'],
    ['2026-13-01T00:00:00Z'],
    ['2026-01-01T00:00:60Z'],
    ['2026-01-01T25:00:00Z'],
    ['2026-01-01T00:00:00.0001Z'],
    [20260101],
  ])('takes %s for no moment', (from) => {
    const deny = { id: 'd', principals: ['all'], permissions: ['**'], valid: { from } };
    expect(faultsOf(document({ denies: [deny] }))).toHaveLength(1);
  });

  it('takes roles away from nobody by a section that was forgotten', () => {
    expect(faultsOf(FRAME)).toHaveLength(1);
  });

  it.each([[undefined], [null], ['text'], [42], [[]], [{}]])('refuses %j', (given) => {
    expect(faultsOf(given)).not.toEqual([]);
  });

  it('knows no members that JavaScript gives every object', () => {
    const hostile: unknown = JSON.parse(
      '{"apiVersion":"countersign/v1","kind":"PolicySet","metadata":{"tenant":"a"},"roles":{"__proto__":{"grants":["**"]}},"conditions":{"__proto__":"true"}}',
    );
    expect(faultsOf(hostile).toSorted()).toEqual([
      'conditions.__proto__: this name cannot be used',
      'roles.__proto__: this name cannot be used',
    ]);
    const { roles } = contentOf({ roles: { constructor: {}, toString: { inherits: ['constructor'] } } });
    expect(roles.map(({ key }) => key)).toEqual(['constructor', 'toString']);
    expect(faultsOf(document({ bindings: [{ id: 'b', principal: 'all', role: 'clerk', when: 'constructor' }] }))).toHaveLength(1);
  });

  it('is not exhausted by a document that is nested without end, or that holds itself', () => {
    const nested = Array.from({ length: 50_000 }).reduce<unknown>((inner) => ({ inner }), 1);
    const binding = { id: 'b', principal: 'all', role: 'clerk', when: 'true' };
    expect(faultsOf(document({ bindings: [{ ...binding, params: { nested } }] }))).toHaveLength(1);
    const bomb = Array.from({ length: 7 }).reduce<unknown>((inner) => Array.from({ length: 200 }, () => inner), 1);
    expect(faultsOf(document({ bindings: [{ ...binding, params: { bomb } }] }))).toHaveLength(1);
    const circle: Record<string, unknown> = {};
    circle['again'] = circle;
    expect(faultsOf(document({ bindings: [{ ...binding, params: { circle } }] }))).toHaveLength(1);
  });
});
