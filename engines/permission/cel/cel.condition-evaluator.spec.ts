import { describe, expect, it } from '@jest/globals';
import type { AttributeDeclaration, AttributeValue } from '#accessors/policy/contract.js';
import type {
  CompiledCondition,
  ConditionInput,
  ConditionResult,
  ConditionScope,
  TraceStep,
} from '../condition-evaluator.contract.js';
import { CelConditionEvaluator } from './cel.condition-evaluator.js';

const NOON = Date.parse('2026-05-13T12:00:00Z');
const evaluator = new CelConditionEvaluator();

const declare = (path: string, type: string): AttributeDeclaration => {
  const [root, name] = path.split('.') as [AttributeDeclaration['root'], string];
  return { root, name, type, source: 'db', resourceType: root === 'resource' ? 'invoice' : null };
};
const SCOPE: ConditionScope = {
  resourceType: 'invoice',
  params: {
    limit: 10_000,
    factors: [1, 2.5],
    zone: 'Europe/Zurich',
    net: '10.0.0.0/8',
    nothing: null,
    hidden: 'a\u202eb\u{e0001}"\n',
  },
  declarations: [
    declare('subject.department', 'string'),
    declare('subject.level', 'int'),
    declare('subject.score', 'double'),
    declare('subject.active', 'bool'),
    declare('subject.groups', 'list<string>'),
    declare('subject.manager', 'string'),
    declare('subject.since', 'timestamp'),
    declare('subject.grace', 'duration'),
    declare('tenant.labels', 'map<string, string>'),
    declare('session.auth_time', 'timestamp'),
    declare('context.ip', 'string'),
    declare('context.x-device', 'string'),
    declare('resource.amount', 'int'),
    declare('resource.owner', 'string'),
    declare('resource.tags', 'list<string>'),
  ],
};
const KNOWN: Readonly<Record<string, AttributeValue>> = {
  'subject.department': 'sales',
  'subject.level': 3,
  'subject.score': 1,
  'subject.active': true,
  'subject.groups': ['staff', 'emea'],
  'subject.manager': null,
  'subject.since': '2026-05-13T11:00:00Z',
  'subject.grace': '90m',
  'tenant.labels': { plan: 'pro' },
  'session.auth_time': NOON / 1000 - 60,
  'context.ip': '::ffff:10.1.2.3',
  'context.x-device': 'phone',
};

function input(values: Readonly<Record<string, AttributeValue>> = KNOWN, left = 200_000): ConditionInput {
  return { lookup: (root, name) => values[`${root}.${name}`], params: SCOPE.params, now: NOON, budget: { left } };
}

function compiled(expression: string): CompiledCondition {
  const compilation = evaluator.compile(expression, SCOPE);
  if (!compilation.ok) throw new Error(JSON.stringify(compilation.faults));
  return compilation.condition;
}

const evaluate = (expression: string, values = KNOWN): ConditionResult => compiled(expression).evaluate(input(values));
const outcome = (expression: string, values = KNOWN): string => evaluate(expression, values).outcome;

describe('a condition in CEL', () => {
  it.each([
    ['subject.department == "sales"', 'true'],
    ['subject.level + 1 == 4 && subject.level % 2 == 1', 'true'],
    ['subject.score < 1.5 && subject.level > 2.5', 'true'],
    ['subject.level < params.limit', 'true'],
    ['params.factors.exists(factor, factor * subject.score == 2.5)', 'true'],
    ['"emea" in subject.groups && !("apac" in subject.groups)', 'true'],
    ['subject.groups.all(group, size(group) < 6)', 'true'],
    ['subject.groups.exists_one(group, group.startsWith("e"))', 'true'],
    ['subject.groups.filter(group, group != "staff") == ["emea"]', 'true'],
    ['subject.groups.map(group, group.size()).exists(length, length == 5)', 'true'],
    ['subject.groups.map(group, group.contains("m"), group + "!") == ["emea!"]', 'true'],
    ['tenant.labels.plan == "pro" && tenant.labels["plan"].endsWith("o") && "plan" in tenant.labels', 'true'],
    ['has(tenant.labels.plan) && !has(tenant.labels.other)', 'true'],
    ['context["x-device"] == "phone"', 'true'],
    ['subject.department.matches("^s[a-z]+$") && "Sales".lowerAscii() == subject.department', 'true'],
    ['now - session.auth_time < duration("5m")', 'true'],
    ['subject.since + subject.grace > now && subject.since < now', 'true'],
    ['timestamp(1778673600) == now && timestamp("2026-05-13T14:00:00+02:00") == now', 'true'],
    ['now.getHours() == 12 && now.getHours("Europe/Zurich") == 14 && now.getHours(params.zone) == 14', 'true'],
    ['now.getDayOfWeek() == 3 && now.getDate() == 13 && now.getMonth() == 4 && now.getFullYear() == 2026', 'true'],
    ['now.getHours("-05:30") == 6 && now.getMinutes("-05:30") == 30', 'true'],
    ['(now - subject.since).getMinutes() == 60 && subject.grace.getHours() == 1', 'true'],
    ['inCidr(context.ip, "10.0.0.0/8") && inCidr(context.ip, params.net) && !inCidr(context.ip, "192.168.0.0/16")', 'true'],
    ['inCidr(context.ip, "::ffff:10.1.0.0/112") && !inCidr(context.ip, "::/0")', 'true'],
    ['resource.type == "invoice" ? subject.level > 5 : true', 'false'],
    ['9223372036854775807 + subject.level > 0', 'error'],
    ['subject.level / (subject.level - 3) == 1', 'error'],
    ['subject.groups[2] == "x"', 'error'],
    ['tenant.labels.other == "x"', 'error'],
    ['inCidr(subject.department, "10.0.0.0/8")', 'error'],
  ])('%s is %s', (expression, expected) => {
    expect(outcome(expression, { ...KNOWN, 'resource.type': 'invoice' })).toBe(expected);
  });

  it.each([
    ['resource.amount < "x"', 16, /does not take int and string/],
    ['subject.level', null, /is a int, not true or false/],
    ['subject.level + 1.5 > 2.0', 14, /\+ does not take int and double/],
    ['subject.nickname == "x"', 0, /subject.nickname is not declared/],
    ['user.level == 1', 0, /user is not known/],
    ['subject == "x"', 0, /read by its members/],
    ['resource.amonut < 1', 0, /not declared for the type invoice/],
    ['params.limt < 1', 0, /no parameter limt/],
    ['subject.groups.exists(now, now == "x")', 14, /give the variable another name/],
    ['int(subject.score) == 1', 0, /types are not converted/],
    ['{"a": 1}["a"] == 1', 0, /maps are not written/],
    ['size(b"a") == 1', 5, /no bytes/],
    ['subject.level == 1u', 17, /no unsigned/],
    ['subject.manager == null', 19, /has\(/],
    ['now.getMilliseconds() == 0', 3, /every millisecond/],
    ['now.getHours("Europe/Zürich") == 1', 3, /no such time zone/],
    ['timestamp("2026-02-30T00:00:00Z") < now', 0, /no timestamp/],
    ['duration("1 hour") < duration("2h")', 0, /no duration/],
    ['inCidr(context.ip, "10.1.0.0/8")', 0, /no network/],
    ['subject.department.matches("(")', 18, /RE2/],
    ['subject.department.matches(subject.manager)', 18, /written in the text/],
    ['subject.department.replace("a", "b") == "x"', 18, /no function replace/],
    ['subject.level ==', 14, /found|expect/],
    ['subject.groups.all(a, subject.groups.all(b, subject.groups.all(c, a == b)))', 58, /nested deeper than 2/],
    ['subject.department == "a\u202eb"', 24, /nobody sees/],
    ['subject.active\u200b', 14, /nobody sees/],
    ['subject.groups.all(a, resource.tags.all(b, a.contains(b)))', null, /may cost \d+ units/],
  ])('%s is refused', (expression, at, message) => {
    const compilation = evaluator.compile(expression, SCOPE);
    expect(compilation).toEqual({
      ok: false,
      faults: [expect.objectContaining({ at, message: expect.stringMatching(message) as unknown })],
    });
  });

  it('may read only what every resource has where it is about no type of resource', () => {
    const anywhere = { ...SCOPE, resourceType: null };
    expect(
      evaluator.compile('resource.id == "1" && resource.unit.startsWith("org.") && resource.path == "/a"', anywhere).ok,
    ).toBe(true);
    expect(evaluator.compile('resource.amount < 1', anywhere).ok).toBe(false);
  });

  it('is compiled once for the same text, declarations and types of parameters', () => {
    const first = evaluator.compile('subject.level < params.limit', SCOPE);
    expect(evaluator.compile('subject.level < params.limit', { ...SCOPE, params: { ...SCOPE.params, limit: 7 } })).toBe(first);
    const other = evaluator.compile('subject.level < params.limit', { ...SCOPE, params: { limit: 'x' } });
    expect(other.ok).toBe(false);
  });

  it('says what it reads', () => {
    expect(compiled('now > subject.since && params.limit > 1 || has(context.ip)').reads).toEqual([
      'context.ip',
      'now',
      'params.limit',
      'subject.since',
    ]);
  });
});

describe('attributes', () => {
  it.each([
    ['subject.level == 3', 'subject.level', '3'],
    ['subject.level == 3', 'subject.level', 3.5],
    ['subject.level == 3', 'subject.level', 2 ** 53],
    ['subject.department == "sales"', 'subject.department', ['sales']],
    ['subject.active', 'subject.active', 'true'],
    ['subject.active', 'subject.active', 1],
    ['"a" in subject.groups', 'subject.groups', ['a', 1]],
    ['"a" in subject.groups', 'subject.groups', 'a'],
    ['subject.since < now', 'subject.since', 'yesterday'],
    ['tenant.labels.plan == "pro"', 'tenant.labels', { plan: 7 }],
  ])('%s fails where %s is not of its declared type', (expression, path, value) => {
    expect(evaluate(expression, { ...KNOWN, [path]: value as AttributeValue })).toMatchObject({ outcome: 'error' });
  });

  it('that are null are known to have no value: has is false, and reading them fails', () => {
    expect(outcome('has(subject.manager)')).toBe('false');
    expect(outcome('subject.manager == "eve"')).toBe('error');
    expect(outcome('subject.manager != "eve"')).toBe('error');
    expect(evaluator.compile('params.nothing == 1', SCOPE).ok).toBe(false);
  });

  it('that are not there are not known', () => {
    expect(evaluate('has(resource.owner)')).toMatchObject({ outcome: 'unknown', missing: ['resource.owner'] });
  });

  it('are asked for once in an evaluation, and only where they are needed', () => {
    const asked: string[] = [];
    const lookup = (root: string, name: string): AttributeValue | undefined => {
      asked.push(`${root}.${name}`);
      return KNOWN[`${root}.${name}`];
    };
    const condition = compiled('subject.level > 5 && subject.active || subject.groups.all(group, group != subject.department)');
    expect(condition.evaluate({ ...input(), lookup }).outcome).toBe('true');
    expect(asked).toEqual(['subject.level', 'subject.groups', 'subject.department']);
  });

  it('whose lookup throws make an error, and nothing else', () => {
    const lookup = (): never => {
      throw new Error('out of order');
    };
    expect(compiled('subject.active || true').evaluate({ ...input(), lookup }).outcome).toBe('error');
    expect(compiled('now.getHours() == 1 || subject.active').nextEdge({ ...input(), lookup }, NOON + 1)).toBeNull();
  });
});

describe('CVE-class: what is inherited is never read', () => {
  const inherited = ['constructor', '__proto__', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];

  it.each(inherited)('%s of a map is not there', (name) => {
    expect(outcome(`has(tenant.labels.${name})`)).toBe('false');
    expect(outcome(`"${name}" in tenant.labels`)).toBe('false');
    expect(outcome(`tenant.labels["${name}"] == "x"`)).toBe('error');
  });

  it.each(inherited)('%s of parameters is refused, of an attribute too', (name) => {
    expect(evaluator.compile(`params.${name} == "x"`, SCOPE).ok).toBe(false);
    expect(evaluator.compile(`subject["${name}"] == "x"`, SCOPE).ok).toBe(false);
  });

  it('even if it is declared, or an own member', () => {
    const scope = { ...SCOPE, declarations: [declare('subject.__proto__', 'string'), declare('subject.constructor', 'string')] };
    expect(evaluator.compile('subject.__proto__ == "x"', scope).ok).toBe(false);
    expect(evaluator.compile('subject.constructor == "x"', scope).ok).toBe(false);
    const labels = JSON.parse('{"__proto__": "x", "constructor": "x"}') as AttributeValue;
    expect(outcome('"__proto__" in tenant.labels || "constructor" in tenant.labels', { 'tenant.labels': labels })).toBe('false');
  });

  it('parameters that vanish are not known, and not what is inherited under their name', () => {
    const condition = evaluator.compile('params.limit > 1', SCOPE);
    const result = condition.ok
      ? condition.condition.evaluate({ ...input(), params: Object.create({ limit: 5 }) as Record<string, never> })
      : null;
    expect(result).toMatchObject({ outcome: 'unknown', missing: ['params.limit'] });
  });
});

describe('what is not known', () => {
  it.each([
    ['resource.amount < 10 || true', 'true'],
    ['false && resource.amount < 10', 'false'],
    ['resource.amount < 10 && subject.level == 7', 'false'],
    ['subject.manager == "eve" || resource.amount < 10', 'unknown'],
    ['subject.manager == "eve" && resource.amount < 10', 'unknown'],
    ['(resource.amount < 10) == (subject.manager == "eve")', 'error'],
    ['subject.groups.exists(group, group == resource.owner || group == "staff")', 'true'],
    ['subject.groups.all(group, group == resource.owner && group != "emea")', 'false'],
    ['resource.tags.exists(tag, true)', 'unknown'],
  ])('%s is %s', (expression, expected) => {
    expect(outcome(expression)).toBe(expected);
  });

  it.each([
    ['resource.amount < params.limit', 'resource.amount < 10000', ['resource.amount']],
    ['subject.level > 2 && resource.amount < subject.level * 100', 'resource.amount < 300', ['resource.amount']],
    [
      '(resource.owner == subject.department || resource.amount == 1) && subject.active',
      'resource.owner == "sales" || resource.amount == 1',
      ['resource.amount', 'resource.owner'],
    ],
    ['resource.owner in subject.groups', 'resource.owner in ["staff", "emea"]', ['resource.owner']],
    ['subject.active ? resource.amount < 5 : resource.amount < 9', 'resource.amount < 5', ['resource.amount']],
    ['now.getHours() == 12 && !(resource.owner == "x")', '!(resource.owner == "x")', ['resource.owner']],
    [
      'resource.tags.exists(tag, tag in subject.groups && now > subject.since)',
      'resource.tags.exists(tag, tag in ["staff", "emea"])',
      ['resource.tags'],
    ],
    ['has(resource.owner) && has(subject.department)', 'has(resource.owner)', ['resource.owner']],
    [
      '(resource.amount - 1) - (resource.amount - 2) == 1',
      'resource.amount - 1 - (resource.amount - 2) == 1',
      ['resource.amount'],
    ],
    ['size(resource.tags) * -subject.level < 0', 'size(resource.tags) * -3 < 0', ['resource.tags']],
    [
      'resource.amount * (resource.amount + 1) > 2 ? false : true',
      'resource.amount * (resource.amount + 1) > 2 ? false : true',
      ['resource.amount'],
    ],
    [
      'resource.path.startsWith("/a") || subject.manager == "eve"',
      'resource.path.startsWith("/a") || subject.manager == "eve"',
      ['resource.path'],
    ],
    [
      'timestamp(resource.owner) < now - subject.grace',
      'timestamp(resource.owner) < now - duration("5400s")',
      ['resource.owner'],
    ],
    ['resource.owner == params.hidden', 'resource.owner == "a\\u202eb\\U000e0001\\"\\n"', ['resource.owner']],
    ['resource.amount > 1 && (now - subject.since < subject.grace || false)', 'resource.amount > 1', ['resource.amount']],
  ])('of %s leaves %s', (expression, residual, missing) => {
    expect(evaluate(expression)).toMatchObject({ outcome: 'unknown', residual, missing });
  });

  it('stays short: a long list is left as what it is', () => {
    const groups = Array.from({ length: 200 }, (_, number) => `group-${number}`);
    const result = evaluate('resource.owner in subject.groups && subject.level == 3', { ...KNOWN, 'subject.groups': groups });
    expect(result).toMatchObject({ residual: 'resource.owner in subject.groups' });
  });
});

describe('the budget', () => {
  const condition = compiled('subject.groups.all(group, group != "nobody")');

  it('is taken by what was done, and no more', () => {
    const given = input();
    const { cost } = condition.evaluate(given);
    expect(cost).toBeGreaterThan(5);
    expect(given.budget.left).toBe(200_000 - cost);
    expect(condition.costLimit).toBeGreaterThanOrEqual(cost);
  });

  it('cannot be absorbed when it is used up, traced or not', () => {
    const or = compiled('subject.groups.all(group, group != "nobody") || true || subject.active');
    for (const trace of [undefined, [] as TraceStep[]]) {
      const given = input(KNOWN, 5);
      expect(or.evaluate(given, trace)).toEqual({ outcome: 'error', reason: 'it costs more than its budget', cost: 5 });
      expect(given.budget.left).toBe(0);
      expect(or.evaluate(given, trace)).toMatchObject({ outcome: 'error', cost: 0 });
    }
  });

  it.each([
    ['"none" in subject.groups', 24],
    ['subject.groups == subject.groups', 250],
    ['size(subject.groups + subject.groups) > 1', 500],
    ['subject.groups.filter(group, group == "none") == []', 500],
    ['subject.department.contains("none")', 50],
    ['subject.department.matches("no+ne")', 500],
    ['subject.department < subject.department + "x"', 50],
    ['subject.department.lowerAscii() == "none"', 50],
  ])('is taken by the size of what is walked over: %s', (expression, more) => {
    const small = evaluate(expression, { 'subject.groups': ['a'], 'subject.department': 'a' });
    const groups = Array.from({ length: 256 }, (_, index) => `g${index}`);
    const large = evaluate(expression, { 'subject.groups': groups, 'subject.department': 'a'.repeat(4_000) });
    expect(large.cost - small.cost).toBeGreaterThanOrEqual(more);
  });

  it('is shared: many conditions of one request take from one', () => {
    const given = input(KNOWN, 100);
    const outcomes = Array.from({ length: 20 }, () => condition.evaluate(given).outcome);
    expect(outcomes[0]).toBe('true');
    expect(outcomes.at(-1)).toBe('error');
    expect(given.budget.left).toBe(0);
  });
});

describe('a trace', () => {
  it('tells each part with its value, and changes nothing', () => {
    const condition = compiled('subject.level > 2 && (resource.amount < 10 || subject.manager == "eve")');
    const steps: TraceStep[] = [];
    expect(condition.evaluate(input(), steps)).toEqual(condition.evaluate(input()));
    expect(steps).toEqual([
      { expression: 'subject.level', value: 3 },
      { expression: 'subject.level > 2', value: true },
      { expression: 'resource.amount', value: { unknown: ['resource.amount'] } },
      { expression: 'resource.amount < 10', value: { unknown: ['resource.amount'] } },
      { expression: 'subject.manager', value: { error: 'an attribute has no value' } },
      { expression: 'subject.manager == "eve"', value: { error: 'an attribute has no value' } },
      { expression: 'resource.amount < 10 || subject.manager == "eve"', value: { unknown: ['resource.amount'] } },
      {
        expression: 'subject.level > 2 && (resource.amount < 10 || subject.manager == "eve")',
        value: { unknown: ['resource.amount'] },
      },
    ]);
  });

  it('ends, however long the loop is', () => {
    const groups = Array.from({ length: 256 }, (_, number) => `group-${number}`);
    const steps: TraceStep[] = [];
    compiled('subject.groups.all(group, group != "nobody" && size(group) > 1)').evaluate(
      input({ 'subject.groups': groups }),
      steps,
    );
    expect(steps).toHaveLength(500);
  });
});
