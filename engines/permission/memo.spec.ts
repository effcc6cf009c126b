import { describe, expect, it } from '@jest/globals';
import type { AttributeValue } from '#accessors/policy/contract.js';
import { ALWAYS } from '#utilities/time-window/contract.js';
import type { ConditionEvaluator } from './condition-evaluator.contract.js';
import { DefaultPermissionEngine } from './default.permission.engine.js';
import {
  BILLING,
  binding,
  codeOf,
  EXPORT,
  granted,
  newEngine,
  questionOf,
  READ,
  requestOf,
  when,
  type Situation,
} from './fixtures/asking.fixture.js';
import { assignment, claimsOf, NO_EXTERNAL, NOON, policyOf, rolesOf, SUBJECT } from './fixtures/question.fixture.js';

const declared = (root: 'subject' | 'tenant' | 'session' | 'context', name: string, source: string) => ({
  root,
  resourceType: null,
  name,
  type: 'bool',
  source,
});

describe('CVE-2026-41131, CVE-2026-33729: one request’s conditional result never answers another', () => {
  const policy = policyOf({
    attributes: [declared('context', 'office', 'pep'), declared('subject', 'staff', 'hr')],
    conditions: [{ key: 'param', expression: 'params.on' }],
    roles: rolesOf({ reader: { grants: [READ] } }),
    mappings: [{ issuer: 'contoso', claim: 'roles', value: 'r', role: 'reader', condition: when('context.office') }],
    bindings: [binding('b', { principal: 'subject:bo', permissions: [READ], condition: when('subject.staff') })],
  });
  const facts = requestOf({ facts: { subject: { ...SUBJECT, key: 'bo' } } }).facts;
  const engine = newEngine();
  const holds = (more: Situation): boolean => {
    const request = { ...requestOf(more), policy, facts };
    const decision = engine.effectivePermissions(request);
    const held = decision.effect === 'granted' && decision.permissions.includes(READ);
    expect(engine.decide({ ...request, permission: READ, resource: null })).toMatchObject({ allowed: held });
    return held;
  };
  const mapped = claimsOf({ roles: ['r'] });

  it('on the same facts, whatever the context says', () => {
    const answers = [true, false, true].map((office) => holds({ claims: mapped, context: { office } }));
    expect(answers).toEqual([true, false, true]);
    expect(holds({ claims: mapped, context: {} })).toBe(false);
    expect(holds({ claims: mapped, context: null })).toBe(false);
  });

  it('on the same facts, whatever the claims say', () => {
    const context = { office: true };
    expect(holds({ claims: mapped, context })).toBe(true);
    expect(holds({ claims: claimsOf({}), context })).toBe(false);
    expect(holds({ claims: claimsOf({ roles: ['r'], issuer: 'other' }), context })).toBe(false);
    expect(holds({ claims: mapped, context })).toBe(true);
  });

  it('on the same facts, whichever of the mappings the claims meet', () => {
    const roles = rolesOf({ reader: { grants: [READ] }, other: { grants: [EXPORT] } });
    const mappings = ['r', 'o', 'x'].map((value) => ({
      issuer: 'contoso',
      claim: 'roles' as const,
      value,
      role: value === 'o' ? 'other' : 'reader',
    }));
    const request = { ...requestOf({}), policy: policyOf({ roles, mappings }) };
    const ask = (...values: readonly string[]) =>
      engine.effectivePermissions({ ...request, claims: claimsOf({ roles: values }) });
    const answers = [ask('r'), ask('o'), ask('x'), ask('r', 'o'), ask('r', 'x'), ask('x', 'x', 'r')];
    expect(answers).toMatchObject(
      [[READ], [EXPORT], [READ], [READ, EXPORT], [READ], [READ]].map((permissions) => ({ permissions })),
    );
  });

  it('on the same facts, whatever fact sources say', () => {
    const told = (staff: boolean): Situation => ({ external: { ...NO_EXTERNAL, values: new Map([['subject.staff', staff]]) } });
    expect([holds(told(true)), holds(told(false)), holds({}), holds(told(true))]).toEqual([true, false, false, true]);
  });

  it('of two assignments that name one condition with other parameters', () => {
    const on = (value: boolean) =>
      assignment('reader', { id: `asg_${value}`, condition: { key: 'param', params: { on: value } } });
    const ask = (assignments: readonly ReturnType<typeof on>[]) =>
      engine.effectivePermissions({ ...requestOf({ facts: { assignments } }), policy });
    expect(ask([on(false)])).toMatchObject({ permissions: [] });
    expect(ask([on(true)])).toMatchObject({ permissions: [READ] });
    expect(ask([on(false), on(true)])).toMatchObject({ permissions: [READ] });
  });

  it('at another time, also where the time is all that counts', () => {
    const timed = policyOf({ bindings: [binding('b', { permissions: [READ], condition: when(`now<${NOON + 100}`) })] });
    const at = (now: number) => engine.effectivePermissions({ ...requestOf({ now }), policy: timed });
    expect([NOON, NOON + 99, NOON + 100, NOON + 50, NOON - 1e9].map((now) => at(now))).toMatchObject(
      [[READ], [READ], [], [READ], [READ]].map((permissions) => ({ permissions })),
    );
  });
});

describe('PermissionEngine: what conditions may read', () => {
  const policy = {
    attributes: [
      declared('subject', 'staff', 'db'),
      declared('tenant', 'paying', 'db'),
      declared('session', 'acr', 'idp'),
      declared('context', 'office', 'pep'),
      declared('subject', 'office', 'pep'),
      declared('tenant', 'both', 'hr'),
      declared('tenant', 'both', 'db'),
      ...['constructor', 'toString', '__proto__'].map((name) => declared('subject', name, 'db')),
    ],
  };
  const seenBy = (path: string, more: Situation = {}): AttributeValue | undefined => {
    let seen: AttributeValue | undefined;
    const spying: ConditionEvaluator = {
      language: 'spy',
      compile: () => ({
        ok: true,
        condition: {
          expression: path,
          reads: [path],
          costLimit: 1,
          evaluate: ({ lookup }) => {
            seen = lookup(path.split('.')[0] ?? '', path.split('.')[1] ?? '');
            return { outcome: 'true', cost: 1 };
          },
          nextEdge: () => null,
        },
      }),
    };
    const bindings = [binding('b', { permissions: [READ], condition: when(path) })];
    new DefaultPermissionEngine({ conditionEvaluator: spying }).decide(
      questionOf({ ...more, policy: { ...policy, bindings } }, READ),
    );
    return seen;
  };

  it('comes from where it is declared to come from, and from nowhere else', () => {
    const facts = {
      subject: { ...SUBJECT, attributes: { staff: true, office: 'stored', undeclared: 1 } },
      tenantAttributes: { paying: true, office: 'stored' },
    };
    const context = { office: 'said', staff: 'said', undeclared: 'said' };
    const external = {
      ...NO_EXTERNAL,
      values: new Map([
        ['subject.staff', 'told'],
        ['tenant.paying', 'told'],
      ]),
    };
    const all = { facts, context, external, claims: claimsOf({ acr: 'mfa' }) };
    expect(seenBy('subject.staff', all)).toBe(true);
    expect(seenBy('tenant.paying', all)).toBe(true);
    expect(seenBy('session.acr', all)).toBe('mfa');
    expect(seenBy('context.office', all)).toBe('said');
    for (const path of [
      'subject.office',
      'subject.undeclared',
      'context.staff',
      'context.undeclared',
      'resource.any',
      'nonsense.x',
    ]) {
      expect(seenBy(path, all)).toBeUndefined();
    }
  });

  it('prefers what is stored where two may tell', () => {
    const external = { ...NO_EXTERNAL, values: new Map([['tenant.both', 'told']]) };
    expect(seenBy('tenant.both', { external })).toBe('told');
    expect(seenBy('tenant.both', { external, facts: { tenantAttributes: { both: 'stored' } } })).toBe('stored');
  });

  it('of a resource nothing that belongs to another type of resource', () => {
    const amount = (resourceType: string) => ({
      root: 'resource' as const,
      resourceType,
      name: 'small',
      type: 'bool',
      source: 'pep',
    });
    const bindings = [binding('b', { permissions: [READ], condition: when('resource.small') })];
    const ask = (attributes: readonly ReturnType<typeof amount>[], type: string): string =>
      codeOf({ policy: { attributes, bindings } }, READ, { type, attributes: { small: true } });
    expect(ask([amount('invoice')], 'invoice')).toBe('granted');
    expect(ask([amount('invoice')], 'report')).toBe('conditional');
    expect(ask([amount('invoice'), amount('report')], 'report')).toBe('conditional');
  });

  it('never members that every object has', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(seenBy(`subject.${name}`, { facts: { subject: SUBJECT } })).toBeUndefined();
    }
  });
});

describe('PermissionEngine: the budget of a request', () => {
  const names = Array.from({ length: 30 }, (_, index) => `billing:thing${index}:read`);
  const application = { ...BILLING, permissions: names.map((name, bit) => ({ name, bit })) };
  const policy = {
    roles: rolesOf(Object.fromEntries(names.map((name, index) => [`r${index}`, { grants: [name] }]))),
    conditions: names.map((_, index) => ({ key: `k${index}`, expression: 'costly' })),
  };
  const assignments = names.map((_, index) => assignment(`r${index}`, { condition: { key: `k${index}`, params: {} } }));
  const deny = { id: 'd', principals: ['all'], permissions: ['**'], except: [], condition: when('no'), valid: ALWAYS };
  const held = (denies: readonly (typeof deny)[]): readonly string[] =>
    granted({ application, policy: { ...policy, denies }, facts: { assignments } }).permissions;

  it('when it is used up nothing more is granted', () => {
    expect(held([])).toHaveLength(20);
  });

  it('when it is used up denies apply', () => {
    expect(held([deny])).toEqual([]);
    const alone = granted({
      application,
      policy: { ...policy, denies: [deny] },
      facts: { assignments: assignments.slice(0, 19) },
    });
    expect(alone.permissions).toHaveLength(19);
  });

  it('holds although an evaluator does not look at it', () => {
    const careless: ConditionEvaluator = {
      language: 'careless',
      compile: (expression) => ({
        ok: true,
        condition: {
          expression,
          reads: [],
          costLimit: 10_000,
          evaluate: ({ budget }) => {
            budget.left -= 10_000;
            return { outcome: 'true', cost: 10_000 };
          },
          nextEdge: () => null,
        },
      }),
    };
    const request = requestOf({ application, policy, facts: { assignments } });
    const decision = new DefaultPermissionEngine({ conditionEvaluator: careless }).effectivePermissions(request);
    expect(decision.effect === 'granted' && decision.permissions.length).toBe(20);
  });

  it('each condition is paid for once, however many ways it stands in', () => {
    const same = assignments.map((each) => ({ ...each, condition: { key: 'k0', params: {} } }));
    expect(granted({ application, policy, facts: { assignments: same } }).permissions).toHaveLength(30);
  });

  it('what the time alone decides costs the same for whoever asks later', () => {
    const costly = `now<${NOON + 1e9} && costly`;
    const timed = policyOf({
      ...policy,
      conditions: policy.conditions.map(({ key }, index) => ({
        key,
        expression: `${costly}${index % 2 === 0 ? '' : ' && yes'}`,
      })),
    });
    const engine = newEngine();
    const request = { ...requestOf({ application, facts: { assignments } }), policy: timed };
    const first = engine.effectivePermissions(request);
    expect(engine.effectivePermissions(request)).toEqual(first);
    expect(first).toMatchObject({ effect: 'granted' });
  });
});
