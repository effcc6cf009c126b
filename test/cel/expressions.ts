import type { AttributeDeclaration, AttributeValue } from '#accessors/policy/contract.js';
import type { ConditionInput, ConditionScope } from '#engines/permission/condition-evaluator.contract.js';
import { oneOf, seeded } from '../soak/random.js';

type Sort = 'bool' | 'int' | 'double' | 'string' | 'timestamp' | 'duration' | 'ints' | 'strings' | 'map';

const declare = (root: AttributeDeclaration['root'], name: string, type: string): AttributeDeclaration => ({
  root,
  name,
  type,
  source: 'pep',
  resourceType: root === 'resource' ? 'invoice' : null,
});

/** What made-up conditions read: one attribute of each type where something is known at exchange, and one where it is not. */
export const SCOPE: ConditionScope = {
  resourceType: 'invoice',
  params: { limit: 10, ratio: 0.5, label: 'abc' },
  declarations: [
    declare('subject', 'active', 'bool'),
    declare('subject', 'level', 'int'),
    declare('subject', 'score', 'double'),
    declare('subject', 'name', 'string'),
    declare('subject', 'groups', 'list<string>'),
    declare('subject', 'numbers', 'list<int>'),
    declare('subject', 'since', 'timestamp'),
    declare('subject', 'grace', 'duration'),
    declare('tenant', 'labels', 'map<string, string>'),
    declare('resource', 'open', 'bool'),
    declare('resource', 'amount', 'int'),
    declare('resource', 'share', 'double'),
    declare('resource', 'owner', 'string'),
    declare('resource', 'readers', 'list<string>'),
    declare('resource', 'created', 'timestamp'),
    declare('resource', 'kept', 'duration'),
  ],
};

const READS: Readonly<Record<Sort, readonly string[]>> = {
  bool: ['subject.active', 'resource.open'],
  int: ['subject.level', 'resource.amount', 'params.limit'],
  double: ['subject.score', 'resource.share', 'params.ratio'],
  string: ['subject.name', 'resource.owner', 'params.label', 'tenant.labels.plan'],
  timestamp: ['now', 'subject.since', 'resource.created'],
  duration: ['subject.grace', 'resource.kept'],
  ints: ['subject.numbers'],
  strings: ['subject.groups', 'resource.readers'],
  map: ['tenant.labels'],
};

const LITERALS: Readonly<Record<Sort, readonly string[]>> = {
  ints: ['[1, 2, 3]', '[0]'],
  strings: ['["a", "staff"]', '["abc"]'],
  map: [],
  bool: ['true', 'false'],
  int: ['0', '1', '-1', '2', '10', '9223372036854775807', '-9223372036854775808'],
  double: ['0.0', '1.0', '0.5', '-2.5', '1e300'],
  string: ['""', '"a"', '"abc"', '"Zürich"', '"A.b"', '"\\n\\"\\\\"'],
  timestamp: [
    'timestamp("2026-03-29T00:59:59Z")',
    'timestamp("2026-05-13T08:30:00.250Z")',
    'timestamp("1970-01-01T00:00:00Z")',
    'timestamp(1778660999)',
  ],
  duration: ['duration("1h")', 'duration("-90m")', 'duration("0.25s")', 'duration("48h")'],
};

const NAMES: readonly string[] = ['a', 'abc', 'staff', 'Zürich', '', 'x'];
const ZONES: readonly string[] = ['', '"Europe/Zurich"', '"+05:30"', '"UTC"', '"America/New_York"'];
const FIELDS: readonly string[] = ['getHours', 'getMinutes', 'getSeconds', 'getDayOfWeek', 'getDate', 'getMonth', 'getFullYear'];

/** Well-typed conditions at random; the same for the same seed. `reads`: what they may read; left out: everything. */
export class Expressions {
  private readonly random: () => number;
  private variables: readonly { readonly name: string; readonly sort: Sort }[] = [];

  constructor(
    seed: number,
    private readonly isReadable: (path: string) => boolean = () => true,
  ) {
    this.random = seeded(seed);
  }

  condition(depth = 4): string {
    return this.of('bool', depth);
  }

  private of(sort: Sort, depth: number): string {
    if (depth <= 0 || this.random() < 0.12) return this.leaf(sort);
    switch (sort) {
      case 'bool':
        return this.bool(depth);
      case 'int':
        return this.int(depth);
      case 'string':
        return this.choose([
          () => `${this.of('string', 0)} + ${this.leaf('string')}`,
          () => `${this.member('string', depth)}.lowerAscii()`,
          () => this.ternary(sort, depth),
          () => this.leaf(sort),
        ]);
      case 'double':
        return this.choose([() => this.between('double', ['+', '-', '*', '/'], depth), () => this.ternary(sort, depth)]);
      case 'timestamp':
        return this.choose([
          () => `(${this.of('timestamp', depth - 1)} ${this.oneOf(['+', '-'])} ${this.of('duration', depth - 1)})`,
          () => this.leaf(sort),
        ]);
      case 'duration':
        return this.choose([
          () => `(${this.of('timestamp', depth - 1)} - ${this.of('timestamp', depth - 1)})`,
          () => this.between('duration', ['+', '-'], depth),
          () => this.leaf(sort),
        ]);
      default:
        return this.list(sort, depth);
    }
  }

  private bool(depth: number): string {
    return this.choose([
      () => this.between('bool', ['&&', '||'], depth),
      () => this.between('bool', ['&&', '||'], depth),
      () => `!${this.member('bool', depth)}`,
      () => this.ternary('bool', depth),
      () => this.compared(depth),
      () => this.compared(depth),
      () => this.quantified(depth),
      () => this.text(depth),
      () => this.oneOf(['has(tenant.labels.plan)', 'has(resource.owner)', 'has(subject.name)']),
    ]);
  }

  private compared(depth: number): string {
    const sort = this.oneOf<Sort>(['int', 'double', 'string', 'timestamp', 'timestamp', 'duration']);
    if (this.random() < 0.15)
      return `(${this.of('int', depth - 1)} ${this.oneOf(['<', '>=', '=='])} ${this.of('double', depth - 1)})`;
    if (this.random() < 0.2) return `(${this.of('string', depth - 1)} in ${this.of('strings', depth - 1)})`;
    if (this.random() < 0.1) return `(${this.of('strings', depth - 1)} == ${this.of('strings', depth - 1)})`;
    return this.between(sort, ['<', '<=', '>', '>=', '==', '!='], depth);
  }

  private text(depth: number): string {
    const method = this.oneOf(['contains', 'startsWith', 'endsWith']);
    if (this.random() < 0.3)
      return `${this.member('string', depth)}.matches(${this.oneOf(['"^a"', '"b+c?$"', '"[a-z]{2,3}"', '"(?i)ABC"'])})`;
    return `${this.member('string', depth)}.${method}(${this.of('string', depth - 1)})`;
  }

  private quantified(depth: number): string {
    const sort = this.oneOf<Sort>(['ints', 'strings']);
    const macro = this.oneOf(['all', 'exists', 'exists_one']);
    if (this.variables.length === 2) return this.leaf('bool');
    return this.fold(sort, depth, (name, inner) => `.${macro}(${name}, ${this.of('bool', inner)})`);
  }

  private int(depth: number): string {
    return this.choose([
      () => this.between('int', ['+', '-', '*', '/', '%'], depth),
      () => `size(${this.of(this.oneOf<Sort>(['string', 'strings', 'ints']), depth - 1)})`,
      () => `-${this.member('int', depth)}`,
      () => `${this.member('timestamp', depth)}.${this.oneOf(FIELDS)}(${this.oneOf(ZONES)})`,
      () => `${this.member('duration', depth)}.${this.oneOf(['getHours', 'getMinutes', 'getSeconds'])}()`,
      () => `${this.list('ints', depth - 1)}[${this.oneOf(['0', '1', '5'])}]`,
      () => this.ternary('int', depth),
    ]);
  }

  private list(sort: Sort, depth: number): string {
    const element: Sort = sort === 'ints' ? 'int' : 'string';
    if (sort === 'map' || this.variables.length === 2) return this.leaf(sort);
    return this.choose([
      () => this.leaf(sort),
      () => `[${this.of(element, depth - 1)}, ${this.of(element, depth - 2)}]`,
      () => `(${this.of(sort, depth - 1)} + ${this.of(sort, depth - 2)})`,
      () => this.fold(sort, depth, (name, inner) => `.filter(${name}, ${this.of('bool', inner)})`),
      () => this.fold(sort, depth, (name, inner) => `.map(${name}, ${this.of(element, inner)})`),
    ]);
  }

  /** A macro over a list of this sort; at most two within one another. */
  private fold(sort: Sort, depth: number, body: (name: string, depth: number) => string): string {
    const before = this.variables;
    const range = this.of(sort, depth - 2);
    const name = before.length === 0 ? 'x' : 'y';
    this.variables = [...before, { name, sort: sort === 'ints' ? 'int' : 'string' }];
    const text = `${range}${body(name, Math.min(depth - 2, 2))}`;
    this.variables = before;
    return text;
  }

  private ternary(sort: Sort, depth: number): string {
    return `(${this.of('bool', depth - 2)} ? ${this.of(sort, depth - 1)} : ${this.of(sort, depth - 1)})`;
  }

  private between(sort: Sort, signs: readonly string[], depth: number): string {
    return `(${this.of(sort, depth - 1)} ${this.oneOf(signs)} ${this.of(sort, depth - 1)})`;
  }

  private member(sort: Sort, depth: number): string {
    return `(${this.of(sort, depth - 1)})`;
  }

  private leaf(sort: Sort): string {
    const variables = this.variables.filter((variable) => variable.sort === sort).map(({ name }) => name);
    const reads = READS[sort].filter(this.isReadable);
    return this.oneOf([...variables, ...variables, ...reads, ...reads, ...LITERALS[sort]]);
  }

  private choose(makers: readonly (() => string)[]): string {
    return this.oneOf(makers)();
  }

  private oneOf<Item>(items: readonly Item[]): Item {
    return oneOf(this.random, items);
  }
}

/** What is known of subject, tenant and, where `resource` says so, of the resource. Some of it is missing, null or of another type. */
export class Facts {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed ^ 0x5bd1e995);
  }

  /** As large as they may be, so that loops run to their ends. */
  large(): Record<string, AttributeValue> {
    const names = (length: number): string[] => Array.from({ length: 256 }, (_, index) => index.toString().padStart(length, 'x'));
    const long = 'abc'.repeat(400);
    return {
      ...(this.values() as Record<string, AttributeValue>),
      'subject.name': long,
      'subject.groups': names(14),
      'subject.numbers': Array.from({ length: 256 }, (_, index) => index),
      'tenant.labels': { plan: long },
      'resource.owner': long,
      'resource.readers': names(15),
    };
  }

  values(): Record<string, AttributeValue | undefined> {
    const pick = (...values: readonly AttributeValue[]): AttributeValue => oneOf(this.random, values);
    return {
      'subject.active': pick(true, false),
      'subject.level': pick(0, 1, 5, 10),
      'subject.score': pick(0, 0.5, -1.5),
      'subject.name': pick('abc', '', 'Zürich', 'A.b', null, 7),
      'subject.groups': pick([], ['a', 'staff'], ['abc'], NAMES),
      'subject.numbers': pick([], [1, 2, 3], [0]),
      'subject.since': pick('2026-05-13T08:00:00Z', 1_778_600_000, '2020-02-29T12:00:00+02:00'),
      'subject.grace': pick('90m', '1h', 0),
      'tenant.labels': pick({ plan: 'abc' }, {}, { plan: 'a', other: 'b' }),
      'resource.open': pick(true, false),
      'resource.amount': pick(0, 1, 5, 10),
      'resource.share': pick(0, 1, 0.5),
      'resource.owner': pick('abc', 'x', null),
      'resource.readers': pick([], ['a'], ['abc', 'staff']),
      'resource.created': pick('2026-03-29T00:59:59Z', '2026-05-13T08:29:59.500Z'),
      'resource.kept': pick('1h', '48h'),
    };
  }
}

export function inputOf(
  values: Readonly<Record<string, AttributeValue | undefined>>,
  now: number,
  left = 200_000,
): ConditionInput {
  return { lookup: (root, name) => values[`${root}.${name}`], params: SCOPE.params, now, budget: { left } };
}
