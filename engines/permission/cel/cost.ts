/** The most that an expression can cost, from the declared types and the limits of what a condition is handed. */
import { MOST_CHARACTERS, MOST_MEMBERS, MOST_READ } from './attributes.js';
import { type Bound, type BoundFold, boundChildren } from './binding.js';
import { compilePattern } from './functions.js';
import type { Attribute } from './names.js';
import { isTimeField } from './time-fields.js';
import type { Type } from './condition-types.js';
import { type CelValue, isList } from './values.js';

/** Of a string its characters, of a list its elements; 0 of what has no parts. */
interface Size {
  readonly length: number;
  readonly element: Size | null;
}

interface Estimate {
  readonly cost: number;
  readonly size: Size;
}

const PLAIN: Size = { length: 0, element: null };
/** Of all attributes together only so much is read: the strings of a full list have so many characters on average. */
const OF_MANY: Size = { length: MOST_READ / MOST_MEMBERS, element: null };
/** Every member of everything that is read, at what the members of a map cost. */
const DEAREST_READ = MOST_READ / 4;

/** The most units of one evaluation. */
export function costOf(bound: Bound, attributes: readonly Attribute[]): number {
  const reading = attributes.reduce((sum, { type }) => sum + readingCost(type), 0);
  return Math.ceil(new Estimator(attributes).estimate(bound, []).cost + Math.min(reading, DEAREST_READ));
}

function readingCost(type: Type): number {
  if (type.kind === 'list') return Math.min(DEAREST_READ, 16 + MOST_MEMBERS * readingCost(type.element));
  if (type.kind === 'map') return Math.min(DEAREST_READ, 64 + MOST_MEMBERS * readingCost(type.value));
  return type.kind === 'dyn' ? DEAREST_READ : 0;
}

function sizeOfType(type: Type): Size {
  if (type.kind === 'string') return { length: MOST_CHARACTERS, element: null };
  if (type.kind === 'list') return { length: MOST_MEMBERS, element: sizeOfMember(type.element) };
  if (type.kind === 'map') return { length: MOST_MEMBERS, element: sizeOfMember(type.value) };
  return type.kind === 'dyn' ? { length: MOST_CHARACTERS, element: OF_MANY } : PLAIN;
}

function sizeOfMember(type: Type): Size {
  return type.kind === 'string' ? OF_MANY : sizeOfType(type);
}

class Estimator {
  private readonly sizes: readonly Size[];

  constructor(attributes: readonly Attribute[]) {
    this.sizes = attributes.map(({ type }) => sizeOfType(type));
  }

  estimate(node: Bound, locals: readonly Size[]): Estimate {
    switch (node.kind) {
      case 'literal':
        return { cost: 0, size: sizeOfValue(node.value) };
      case 'local':
        return { cost: 0, size: locals[node.slot] ?? PLAIN };
      case 'attribute':
        return { cost: 1, size: this.sizes[node.index] ?? PLAIN };
      case 'select':
        return this.select(node, locals);
      case 'list':
        return this.list(node.elements, locals);
      case 'call':
        return this.call(node, locals);
      case 'fold':
        return this.fold(node, locals);
      default:
        return { cost: 1, size: PLAIN };
    }
  }

  private select(node: Extract<Bound, { kind: 'select' }>, locals: readonly Size[]): Estimate {
    const { cost, size } = this.estimate(node.operand, locals);
    return { cost: 1 + cost, size: oneOf(size) };
  }

  private list(elements: readonly Bound[], locals: readonly Size[]): Estimate {
    const parts = elements.map((element) => this.estimate(element, locals));
    const cost = parts.reduce((sum, part) => sum + part.cost, 1 + parts.length);
    return { cost, size: { length: parts.length, element: largest(parts.map(({ size }) => size)) } };
  }

  private call(node: Extract<Bound, { kind: 'call' }>, locals: readonly Size[]): Estimate {
    const nodes = node.target === null ? node.args : [node.target, ...node.args];
    const parts = nodes.map((arg) => this.estimate(arg, locals));
    const cost = parts.reduce((sum, part) => sum + part.cost, 1);
    const sizes = parts.map(({ size }) => size);
    if (node.target !== null && isTimeField(node.name)) return { cost: cost + zoneCost(nodes), size: PLAIN };
    if (node.name.endsWith('matches')) return { cost: cost + patternCost(nodes[1], sizes[0] ?? PLAIN), size: PLAIN };
    const own = CALLS.get(node.name)?.(...(sizes as [Size, Size])) ?? { cost: 0, size: PLAIN };
    if (node.name === '_?_:_') return { cost, size: largest(sizes.slice(1)) };
    return { cost: cost + own.cost, size: own.size };
  }

  private fold(node: BoundFold, locals: readonly Size[]): Estimate {
    const range = this.estimate(node.range, locals);
    const inner = [...locals, range.size.element ?? OF_MANY];
    const test = node.test === null ? 0 : this.estimate(node.test, inner).cost;
    const step = node.step === null ? { cost: 0, size: inner[locals.length] ?? PLAIN } : this.estimate(node.step, inner);
    const rounds = range.size.length;
    return {
      // The keys of a map are listed before.
      cost: range.cost + 1 + rounds + rounds * ((node.macro === 'map' || node.macro === 'filter' ? 2 : 1) + test + step.cost),
      size: { length: rounds, element: step.size },
    };
  }
}

type Own = (a: Size, b: Size) => Estimate;

const walked = (cost: number, size: Size = PLAIN): Estimate => ({ cost, size });
const compared: Own = (a, b) => walked(comparison(a, b));
const ordered: Own = (a, b) => walked(Math.min(a.length, b.length) / 64);
const searched: Own = (a, b) => walked((a.length + b.length) / 64);

const CALLS: ReadonlyMap<string, Own> = new Map<string, Own>([
  ...['_==_', '_!=_'].map((name): [string, Own] => [name, compared]),
  ...['_<_', '_<=_', '_>_', '_>=_'].map((name): [string, Own] => [name, ordered]),
  ...['startsWith', 'endsWith'].map((name): [string, Own] => [name, searched]),
  ['contains', (a, b) => walked((a.length + b.length) / 64 + (a.length * b.length) / 2048)],
  ['@in', (a, b) => walked(1 + b.length / 32 + b.length * comparison(a, b.element ?? PLAIN))],
  [
    '_+_',
    (a, b) => {
      const length = a.length + b.length;
      const element = a.element === null && b.element === null ? null : largest([a.element ?? PLAIN, b.element ?? PLAIN]);
      return walked(element === null ? length / 64 : length, { length, element });
    },
  ],
  ['_[_]', (a) => walked(0, oneOf(a))],
  ['size', (a) => walked(a.length / 64)],
  ['lowerAscii', (a) => walked(a.length / 64, a)],
  ['timestamp', () => walked(2)],
  ['duration', () => walked(2)],
  ['inCidr', () => walked(5)],
]);

function comparison(a: Size, b: Size): number {
  const length = Math.min(a.length, b.length);
  if (a.element === null || b.element === null) return length / 4096;
  return length + length * comparison(a.element, b.element);
}

/** One member may be as long as all of them together. */
function oneOf(container: Size): Size {
  const { element } = container;
  return element === OF_MANY ? { length: MOST_CHARACTERS, element: null } : (element ?? PLAIN);
}

function largest(sizes: readonly Size[]): Size {
  const elements = sizes.map(({ element }) => element).filter((element) => element !== null);
  return {
    length: sizes.reduce((most, { length }) => Math.max(most, length), 0),
    element: elements.length === 0 ? null : largest(elements),
  };
}

function sizeOfValue(value: CelValue): Size {
  if (typeof value === 'string') return { length: value.length, element: null };
  return isList(value) ? { length: value.length, element: largest(value.map(sizeOfValue)) } : PLAIN;
}

function zoneCost([value, zone]: readonly Bound[]): number {
  if (zone === undefined) return 0;
  if (zone.kind !== 'literal') return 140;
  return value?.kind === 'now' ? 0 : 40;
}

function patternCost(pattern: Bound | undefined, text: Size): number {
  const compiled = pattern?.kind === 'literal' && typeof pattern.value === 'string' ? compilePattern(pattern.value) : '';
  return typeof compiled === 'string' ? 0 : (text.length * compiled.units) / 32;
}

/** So many expressions is it made of. */
export function partsOf(bound: Bound): number {
  return boundChildren(bound).reduce((sum, child) => sum + partsOf(child), 1);
}
