import type { AttributeValue } from '#accessors/policy/contract.js';
import { CelConditionEvaluator } from '#engines/permission/cel/cel.condition-evaluator.js';
import { isStop } from '#engines/permission/cel/values.js';
import type { ConditionScope, TraceStep } from '#engines/permission/condition-evaluator.contract.js';
import { evaluateWhole } from './whole-language.js';

/** What somebody could write into a condition, or send as an attribute, to make the service slow, large or talkative. */
export interface Attack {
  readonly name: string;
  readonly expression: string;
  /** `refused`: it is not compiled. `stopped`: it fails, within its budget. `harmless`: it is decided, within its budget. */
  readonly ends: 'refused' | 'stopped' | 'harmless';
  /** Of `context.text`, `context.list`, `context.deep`. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

const declared = (name: string, type: string): ConditionScope['declarations'][number] => ({
  root: 'context',
  name,
  type,
  resourceType: null,
  source: 'pep',
});
const SCOPE: ConditionScope = {
  declarations: [
    declared('text', 'string'),
    declared('part', 'string'),
    declared('list', 'list<string>'),
    declared('deep', 'map<string, map<string, string>>'),
  ],
  resourceType: null,
  params: { limit: 1 },
};

const HUNDRED = `[${Array.from({ length: 100 }, (_, index) => index).join(',')}]`;
const nested = (depth: number): string =>
  Array.from({ length: depth }).reduceRight<string>((inner, _, level) => `${HUNDRED}.all(v${level}, ${inner})`, 'true');
const chained = (start: string, times: number): string => start + '.map(x, x + x)'.repeat(times);
const deep = (levels: number): AttributeValue => (levels === 0 ? 'end' : { a: deep(levels - 1) });
const LONG = 'a'.repeat(4_000);

const OF_TEXT: readonly Attack[] = [
  { name: 'macros within macros, 3 deep over 100', expression: nested(3), ends: 'refused' },
  { name: 'macros within macros, 4 deep over 100', expression: nested(4), ends: 'refused' },
  { name: 'macros within macros, 2 deep over 100', expression: nested(2), ends: 'refused' },
  { name: 'a list that doubles 30 times', expression: `${chained('[[0, 0]]', 30)}.size() == 1`, ends: 'refused' },
  { name: 'a string that doubles 30 times', expression: `${chained('["aaaaaaaa"]', 30)}.size() == 1`, ends: 'refused' },
  { name: 'an attribute that doubles 12 times', expression: `${chained('context.list', 12)}.size() == 1`, ends: 'refused' },
  { name: 'a long sum of attributes', expression: `size(${Array(100).fill('context.text').join(' + ')}) == 1`, ends: 'refused' },
  { name: '1,000 brackets', expression: `${'('.repeat(1_000)}true${')'.repeat(1_000)}`, ends: 'refused' },
  { name: '100 lists within lists', expression: `${'['.repeat(100)}${']'.repeat(100)} == []`, ends: 'refused' },
  { name: '1,000 signs', expression: `${'!'.repeat(1_000)}context.text.contains("a")`, ends: 'harmless' },
  { name: 'minus a thousand times', expression: `${'- '.repeat(1_000)}size(context.text) == 1`, ends: 'refused' },
  { name: '300 ternaries', expression: `${'true?true:'.repeat(200)}true`, ends: 'refused' },
  { name: '30 KB of text', expression: `context.text == "${'a'.repeat(30_000)}"`, ends: 'refused' },
  { name: '30 KB of ors', expression: Array(1_500).fill('context.text == "a"').join(' || '), ends: 'refused' },
  { name: 'a list of 101', expression: `1 in [${Array(101).fill('1').join(',')}]`, ends: 'refused' },
  { name: '201 parts', expression: Array(67).fill('1 == 1').join(' && '), ends: 'refused' },
  { name: 'a number of 400 digits', expression: `${'9'.repeat(400)} > 1`, ends: 'refused' },
  { name: 'a double beyond all', expression: '1e999 > 1.0', ends: 'refused' },
  {
    name: 'a regular expression that is told by an attribute',
    expression: 'context.text.matches(context.part)',
    ends: 'refused',
  },
  {
    name: 'a regular expression that repeats repeats',
    expression: 'context.text.matches("((a{100}){100}){100}")',
    ends: 'refused',
  },
  { name: 'a regular expression of 1,000 repeats', expression: 'context.text.matches("(a{1,500}){1,2}b")', ends: 'refused' },
  { name: 'the constructor of an attribute', expression: 'context.constructor == "x"', ends: 'refused' },
  { name: 'the prototype of an attribute', expression: 'context["__proto__"] == "x"', ends: 'refused' },
  { name: 'the constructor of the parameters', expression: 'params.constructor == 1', ends: 'refused' },
  { name: 'a function of every object', expression: 'params.toString == 1 || params.hasOwnProperty == 1', ends: 'refused' },
  {
    name: 'an identifier that every object has',
    expression: 'constructor == 1 || __proto__ == 1 || toString == 1',
    ends: 'refused',
  },
];

const OF_ATTRIBUTES: readonly Attack[] = [
  {
    name: 'the constructor of a map',
    expression: 'has(context.deep.constructor) || has(context.deep.__proto__) || "toString" in context.deep',
    ends: 'harmless',
    attributes: { deep: {} },
  },
  {
    name: 'the prototype of a map',
    expression: 'context.deep["__proto__"]["a"] == "b"',
    ends: 'stopped',
    attributes: { deep: {} },
  },
  {
    name: 'own members that are called like what is inherited',
    expression: 'context.deep["__proto__"]["a"] == "b" || context.deep.constructor.a == "b"',
    ends: 'stopped',
    attributes: { deep: JSON.parse('{"__proto__": {"a": "b"}, "constructor": {"a": "b"}}') as AttributeValue },
  },
  {
    name: 'a regular expression that others take years for',
    expression: 'context.text.matches("(a+)+$")',
    ends: 'harmless',
    attributes: { text: `${LONG}!` },
  },
  {
    name: 'a regular expression with a thousand states',
    expression: 'context.text.matches("(a|b)*a(a|b){8}$")',
    ends: 'harmless',
    attributes: { text: `${'abbabaab'.repeat(500)}!` },
  },
  {
    name: 'a long text looked for in a longer one',
    expression: 'context.text.contains(context.part)',
    ends: 'harmless',
    attributes: { text: LONG, part: `${'a'.repeat(1_000)}b${'a'.repeat(1_000)}` },
  },
  { name: 'a string of 5,000', expression: 'context.text == "a"', ends: 'stopped', attributes: { text: 'a'.repeat(5_000) } },
  {
    name: 'a list of 257',
    expression: '"a" in context.list',
    ends: 'stopped',
    attributes: { list: Array(257).fill('a') as string[] },
  },
  {
    name: 'a list of 10,000',
    expression: 'context.list.exists(x, x == "a")',
    ends: 'stopped',
    attributes: { list: Array(10_000).fill('b') as string[] },
  },
  {
    name: 'strings of 17,000 together',
    expression: '"a" in context.list',
    ends: 'stopped',
    attributes: { list: Array(5).fill('b'.repeat(3_400)) as string[] },
  },
  { name: 'a map that is nested 20 deep', expression: 'has(context.deep.a)', ends: 'stopped', attributes: { deep: deep(20) } },
  {
    name: 'a time zone that is told by an attribute',
    expression: 'now.getHours(context.text) == 1',
    ends: 'stopped',
    attributes: { text: '../../etc/passwd' },
  },
];

export const ATTACKS: readonly Attack[] = [...OF_TEXT, ...OF_ATTRIBUTES];

/** The same, in the whole language and with no limit but the budget: for what is refused before it could run. */
export const UNBOUNDED: readonly { readonly name: string; readonly expression: string }[] = [
  { name: 'macros within macros, 3 deep over 100', expression: nested(3) },
  { name: 'macros within macros, 4 deep over 100', expression: nested(4) },
  { name: 'a list that doubles 30 times', expression: chained('[[0, 0]]', 30) },
  { name: 'a string that doubles 40 times', expression: chained(`["${'a'.repeat(64)}"]`, 40) },
  { name: 'bytes that double 40 times', expression: chained(`[b"${'a'.repeat(64)}"]`, 40) },
  {
    name: 'a long text looked for in a list',
    expression: `${HUNDRED}.map(x, "${'a'.repeat(4_000)}".contains("${'a'.repeat(1_000)}b${'a'.repeat(1_000)}")).size() == 1`,
  },
  {
    name: 'a regular expression in a list',
    expression: `${HUNDRED}.all(x, !"${'ab'.repeat(2_000)}".matches("(a|b)*a(a|b){8}$!"))`,
  },
  { name: 'lists that are compared', expression: `${HUNDRED}.all(x, ${HUNDRED} == ${HUNDRED})` },
];

export interface Ending {
  readonly ended: 'refused' | 'stopped' | 'harmless';
  readonly cost: number;
}

const evaluator = new CelConditionEvaluator();

/** Anew each time: nothing that was compiled before is used. */
export function attack({ expression, attributes = {} }: Attack, isTraced: boolean): Ending {
  const compilation = evaluator.compile(expression, { ...SCOPE, declarations: [...SCOPE.declarations] });
  if (!compilation.ok) return { ended: 'refused', cost: 0 };
  const budget = { left: 200_000 };
  const trace: TraceStep[] = [];
  const input = { lookup: (_root: string, name: string) => attributes[name] ?? 'none', params: {}, now: 0, budget };
  const result = compilation.condition.evaluate(input, ...(isTraced ? [trace] : []));
  return { ended: result.outcome === 'error' ? 'stopped' : 'harmless', cost: 200_000 - budget.left };
}

export function attackUnbounded(expression: string): Ending {
  return { ended: isStop(evaluateWhole(expression, undefined, 10_000)) ? 'stopped' : 'harmless', cost: 10_000 };
}
