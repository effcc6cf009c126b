/**
 * Conditions that are written twice: as CEL for the engine, and as what they mean in plain JavaScript for the oracle. The
 * oracle never reads the CEL; it knows a condition by its text.
 */
import { every, FAILS, not, said, some, unknown, type Verdict } from './verdict.js';

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!=';

export type Expression =
  | { readonly op: 'constant'; readonly value: boolean }
  /** Against a number, a text, a truth, or a parameter. */
  | {
      readonly op: 'compare';
      readonly path: string;
      readonly by: Comparison;
      readonly to: number | string | boolean | { readonly param: string };
    }
  | { readonly op: 'oneOf'; readonly path: string; readonly values: readonly string[] }
  | { readonly op: 'holds'; readonly path: string; readonly value: string }
  | { readonly op: 'starts'; readonly path: string; readonly prefix: string }
  | { readonly op: 'inNetwork'; readonly path: string; readonly network: string }
  /** Unix milliseconds, whole seconds. */
  | { readonly op: 'now'; readonly by: '<' | '<=' | '>' | '>='; readonly at: number }
  | { readonly op: 'hours'; readonly zone: string; readonly from: number; readonly to: number }
  /** From 0, Sunday. */
  | { readonly op: 'weekday'; readonly zone: string; readonly except: number }
  /** A division by zero as soon as the path is known. */
  | { readonly op: 'fails'; readonly path: string }
  /** A timestamp of the path, no older than so many seconds. */
  | { readonly op: 'younger'; readonly path: string; readonly seconds: number }
  | { readonly op: 'and' | 'or'; readonly sides: readonly [Expression, Expression] }
  | { readonly op: 'not'; readonly side: Expression };

export interface Circumstances {
  /** `undefined`: not known. */
  readonly read: (path: string) => unknown;
  readonly params: Readonly<Record<string, unknown>>;
  /** Unix milliseconds. */
  readonly now: number;
}

export function meaning(expression: Expression, circumstances: Circumstances): Verdict {
  switch (expression.op) {
    case 'constant':
      return said(expression.value);
    case 'now':
      return said(compares(circumstances.now, expression.by, expression.at));
    case 'hours': {
      const hour = hourOf(circumstances.now, expression.zone);
      return said(hour >= expression.from && hour < expression.to);
    }
    case 'weekday':
      return said(weekdayOf(circumstances.now, expression.zone) !== expression.except);
    case 'and':
      return every(expression.sides.map((side) => meaning(side, circumstances)));
    case 'or':
      return some(expression.sides.map((side) => meaning(side, circumstances)));
    case 'not':
      return not(meaning(expression.side, circumstances));
    default:
      return ofPath(expression, circumstances);
  }
}

type OfPath = Extract<Expression, { readonly path: string }>;

function ofPath(expression: OfPath, circumstances: Circumstances): Verdict {
  const value = circumstances.read(expression.path);
  return value === undefined ? unknown(expression.path) : ofValue(expression, value, circumstances);
}

function ofValue(expression: OfPath, value: unknown, { params, now }: Circumstances): Verdict {
  switch (expression.op) {
    case 'compare':
      return comparison(value, expression.by, valueIn(expression.to, params));
    case 'oneOf':
      return said(expression.values.some((each) => each === value));
    case 'holds':
      return said(Array.isArray(value) && value.includes(expression.value));
    case 'starts':
      return said(String(value).startsWith(expression.prefix));
    case 'inNetwork':
      return inNetwork(value, expression.network);
    case 'younger':
      return said(now - Number(value) * 1000 <= expression.seconds * 1000);
    case 'fails':
      return FAILS;
  }
}

function valueIn(to: Extract<Expression, { op: 'compare' }>['to'], params: Circumstances['params']): unknown {
  return typeof to === 'object' ? params[to.param] : to;
}

function comparison(value: unknown, by: Comparison, to: unknown): Verdict {
  if (by === '==') return said(value === to);
  if (by === '!=') return said(value !== to);
  if (typeof value === 'number' && typeof to === 'number') return said(compares(value, by, to));
  if (typeof value === 'string' && typeof to === 'string') return said(compares(value, by, to));
  return FAILS;
}

function compares<Value extends number | string>(one: Value, by: Comparison, other: Value): boolean {
  if (by === '<') return one < other;
  if (by === '<=') return one <= other;
  if (by === '>') return one > other;
  return one >= other;
}

/** Of addresses with four numbers alone. */
function inNetwork(value: unknown, network: string): Verdict {
  const address = typeof value === 'string' ? bitsOf(value) : undefined;
  const [base = '', length = ''] = network.split('/');
  const of = bitsOf(base);
  return address === undefined || of === undefined
    ? FAILS
    : said(address.slice(0, Number(length)) === of.slice(0, Number(length)));
}

function bitsOf(address: string): string | undefined {
  const numbers = address.split('.').map(Number);
  if (numbers.length !== 4 || numbers.some((each) => !(each >= 0 && each <= 255))) return undefined;
  return numbers.map((each) => each.toString(2).padStart(8, '0')).join('');
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function hourOf(now: number, zone: string): number {
  const known = clocks.get(zone);
  const clock = known ?? new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' });
  if (known === undefined) clocks.set(zone, clock);
  return Number(clock.format(now));
}

const days = new Map<string, Intl.DateTimeFormat>();

function weekdayOf(now: number, zone: string): number {
  const known = days.get(zone);
  const day = known ?? new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short' });
  if (known === undefined) days.set(zone, day);
  return ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(day.format(now));
}

/** The same in CEL. */
export function cel(expression: Expression): string {
  switch (expression.op) {
    case 'constant':
      return String(expression.value);
    case 'now':
      return `now ${expression.by} timestamp(${JSON.stringify(new Date(expression.at).toISOString().replace('.000Z', 'Z'))})`;
    case 'hours': {
      const hour = `now.getHours(${JSON.stringify(expression.zone)})`;
      return `(${hour} >= ${String(expression.from)} && ${hour} < ${String(expression.to)})`;
    }
    case 'weekday':
      return `now.getDayOfWeek(${JSON.stringify(expression.zone)}) != ${String(expression.except)}`;
    case 'and':
    case 'or':
      return `(${expression.sides.map((side) => cel(side)).join(expression.op === 'and' ? ' && ' : ' || ')})`;
    case 'not':
      return `!(${cel(expression.side)})`;
    default:
      return celOfPath(expression);
  }
}

function celOfPath(expression: OfPath): string {
  const { path } = expression;
  switch (expression.op) {
    case 'compare': {
      const { to } = expression;
      return `${path} ${expression.by} ${typeof to === 'object' ? `params.${to.param}` : JSON.stringify(to)}`;
    }
    case 'oneOf':
      return `${path} in ${JSON.stringify(expression.values)}`;
    case 'holds':
      return `${JSON.stringify(expression.value)} in ${path}`;
    case 'starts':
      return `${path}.startsWith(${JSON.stringify(expression.prefix)})`;
    case 'inNetwork':
      return `inCidr(${path}, ${JSON.stringify(expression.network)})`;
    case 'younger':
      return `now - ${path} <= duration("${String(expression.seconds)}s")`;
    case 'fails':
      return `1 / (${path} - ${path}) > 0`;
  }
}

interface Names {
  readonly paths: readonly string[];
  readonly parameters: readonly string[];
}

export function namesIn(expression: Expression): Names {
  if (expression.op === 'not') return namesIn(expression.side);
  if (expression.op === 'and' || expression.op === 'or') {
    const sides = expression.sides.map((side) => namesIn(side));
    return { paths: sides.flatMap(({ paths }) => paths), parameters: sides.flatMap(({ parameters }) => parameters) };
  }
  const parameters = expression.op === 'compare' && typeof expression.to === 'object' ? [expression.to.param] : [];
  return { paths: 'path' in expression ? [expression.path] : [], parameters };
}
