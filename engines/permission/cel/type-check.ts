/** Types of expressions, as far as they are known before: what cannot work on any value is a fault. */
import type { ConditionFault } from '../condition-evaluator.contract.js';
import type { Bound, BoundFold } from './binding.js';
import type { Attribute } from './names.js';
import { isTimeField } from './time-fields.js';
import {
  BOOL,
  commonType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  isCompatible,
  isOf,
  NULL,
  printType,
  STRING,
  TIMESTAMP,
  type Type,
} from './condition-types.js';
import type { CelValue } from './values.js';

export function typeFaults(bound: Bound, attributes: readonly Attribute[]): readonly ConditionFault[] {
  const checker = new Checker(attributes);
  const type = checker.typeOf(bound, []);
  const isDecision = isOf(type, 'bool');
  return isDecision
    ? checker.faults
    : [...checker.faults, { at: null, message: `it is a ${printType(type)}, not true or false` }];
}

/** The type of the result, or `null` where the types do not go together. */
type Signature = (...args: readonly Type[]) => Type | null;

const when = (holds: boolean, type: Type): Type | null => (holds ? type : null);
const isNumber = (type: Type): boolean => isOf(type, 'int', 'double');

const texts: Signature = (a = DYN, b = DYN) => when(isOf(a, 'string') && isOf(b, 'string'), BOOL);
/** Numbers have an order among one another; everything else among its own. */
const order: Signature = (a = DYN, b = DYN) => {
  const isOrdered = isOf(a, 'bool', 'string', 'timestamp', 'duration') && isCompatible(a, b);
  return when(isOrdered || (isNumber(a) && isNumber(b)), BOOL);
};
const equality: Signature = (a = DYN, b = DYN) => when(isCompatible(a, b) || (isNumber(a) && isNumber(b)), BOOL);
const numbers: Signature = (a = DYN, b = DYN) => {
  if (a.kind === 'dyn' || b.kind === 'dyn') return when(isNumber(a) && isNumber(b), a.kind === 'dyn' ? b : a);
  return when(isNumber(a) && a.kind === b.kind, a);
};

const SIGNATURES: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ['_&&_', (a = DYN, b = DYN) => when(isOf(a, 'bool') && isOf(b, 'bool'), BOOL)],
  ['_||_', (a = DYN, b = DYN) => when(isOf(a, 'bool') && isOf(b, 'bool'), BOOL)],
  ['!_', (a = DYN) => when(isOf(a, 'bool'), BOOL)],
  ['-_', (a = DYN) => when(isNumber(a), a)],
  ['_?_:_', (a = DYN, b = DYN, c = DYN) => when(isOf(a, 'bool') && isCompatible(b, c), b.kind === 'dyn' ? c : b)],
  ...['_==_', '_!=_'].map((name): [string, Signature] => [name, equality]),
  ...['_<_', '_<=_', '_>_', '_>=_'].map((name): [string, Signature] => [name, order]),
  ...['_*_', '_/_'].map((name): [string, Signature] => [name, numbers]),
  ['_%_', (a = DYN, b = DYN) => when(isOf(a, 'int') && isOf(b, 'int'), INT)],
  ['_+_', (a = DYN, b = DYN) => sum(a, b)],
  ['_-_', (a = DYN, b = DYN) => difference(a, b)],
  ['@in', (a = DYN, b = DYN) => membership(a, b)],
  ['_[_]', (a = DYN, b = DYN) => member(a, b)],
  ['size', (a = DYN) => when(isOf(a, 'string') || a.kind === 'list' || a.kind === 'map', INT)],
  ...['contains', 'startsWith', 'endsWith', 'matches', 'inCidr'].map((name): [string, Signature] => [name, texts]),
  ['lowerAscii', (a = DYN) => when(isOf(a, 'string'), STRING)],
  ['timestamp', (a = DYN) => when(isOf(a, 'string', 'int', 'timestamp'), TIMESTAMP)],
  ['duration', (a = DYN) => when(isOf(a, 'string', 'duration'), DURATION)],
]);

function sum(a: Type, b: Type): Type | null {
  if (a.kind === 'timestamp' || b.kind === 'timestamp') {
    return when(a.kind !== b.kind && isOf(a, 'timestamp', 'duration') && isOf(b, 'timestamp', 'duration'), TIMESTAMP);
  }
  if (a.kind === 'list' || b.kind === 'list') return when(isCompatible(a, b), a.kind === 'list' ? a : b);
  const isSum = isOf(a, 'string', 'duration', 'int', 'double') && isCompatible(a, b);
  return when(isSum, a.kind === 'dyn' ? b : a);
}

function difference(a: Type, b: Type): Type | null {
  if (a.kind === 'timestamp') {
    return b.kind === 'dyn' ? DYN : b.kind === 'timestamp' ? DURATION : when(b.kind === 'duration', TIMESTAMP);
  }
  if (a.kind === 'duration') return when(isOf(b, 'duration'), DURATION);
  if (a.kind !== 'dyn') return numbers(a, b);
  return when(isOf(b, 'int', 'double', 'timestamp', 'duration'), DYN);
}

function membership(element: Type, container: Type): Type | null {
  if (container.kind === 'dyn') return BOOL;
  if (container.kind === 'map') return when(isOf(element, 'string'), BOOL);
  return container.kind === 'list' ? equality(element, container.element) : null;
}

function member(container: Type, index: Type): Type | null {
  if (container.kind === 'dyn') return DYN;
  if (container.kind === 'map') return when(isOf(index, 'string'), container.value);
  return container.kind === 'list' ? when(isOf(index, 'int'), container.element) : null;
}

function fieldType(value: Type, zone: Type | undefined): Type | null {
  if (zone !== undefined) return when(isOf(value, 'timestamp') && isOf(zone, 'string'), INT);
  return when(isOf(value, 'timestamp', 'duration'), INT);
}

class Checker {
  readonly faults: ConditionFault[] = [];

  constructor(private readonly attributes: readonly Attribute[]) {}

  typeOf(node: Bound, locals: readonly Type[]): Type {
    switch (node.kind) {
      case 'local':
        return locals[node.slot] ?? DYN;
      case 'select':
        return this.select(node, locals);
      case 'call':
        return this.call(node, locals);
      case 'list':
        return this.list(node, locals);
      case 'fold':
        return this.fold(node, locals);
      default:
        return this.plain(node);
    }
  }

  private plain(node: Extract<Bound, { kind: 'literal' | 'now' | 'attribute' | 'present' | 'map' }>): Type {
    if (node.kind === 'literal') return literalType(node.value);
    if (node.kind === 'attribute') return this.attributes[node.index]?.type ?? DYN;
    return node.kind === 'now' ? TIMESTAMP : node.kind === 'present' ? BOOL : DYN;
  }

  private select(node: Extract<Bound, { kind: 'select' }>, locals: readonly Type[]): Type {
    const operand = this.typeOf(node.operand, locals);
    if (operand.kind !== 'map' && operand.kind !== 'dyn') {
      return this.fault(node.at, `a ${printType(operand)} has no member ${node.field}`);
    }
    if (node.test) return BOOL;
    return operand.kind === 'map' ? operand.value : DYN;
  }

  private call(node: Extract<Bound, { kind: 'call' }>, locals: readonly Type[]): Type {
    const args = (node.target === null ? node.args : [node.target, ...node.args]).map((arg) => this.typeOf(arg, locals));
    const isField = node.target !== null && isTimeField(node.name);
    const type = isField ? fieldType(args[0] ?? DYN, args[1]) : (SIGNATURES.get(node.name)?.(...args) ?? null);
    return type ?? this.fault(node.at, `${spoken(node.name)} does not take ${args.map(printType).join(' and ')}`);
  }

  private list(node: Extract<Bound, { kind: 'list' }>, locals: readonly Type[]): Type {
    return { kind: 'list', element: commonType(node.elements.map((element) => this.typeOf(element, locals))) };
  }

  private fold(node: BoundFold, locals: readonly Type[]): Type {
    const range = this.typeOf(node.range, locals);
    const element = elementOf(range);
    if (element === null) this.fault(node.range.at, `${node.macro} takes a list or a map, not a ${printType(range)}`);
    const inner = [...locals, element ?? DYN];
    const test = node.test === null ? BOOL : this.typeOf(node.test, inner);
    if (!isOf(test, 'bool')) this.fault(node.at, `${node.macro} asks for true or false, not for a ${printType(test)}`);
    if (node.macro !== 'filter' && node.macro !== 'map') return BOOL;
    return { kind: 'list', element: node.step === null ? (element ?? DYN) : this.typeOf(node.step, inner) };
  }

  private fault(at: number, message: string): Type {
    this.faults.push({ at, message });
    return DYN;
  }
}

/** What a macro walks over: of a map its keys. `null`: nothing. */
function elementOf(range: Type): Type | null {
  if (range.kind === 'list') return range.element;
  if (range.kind === 'map') return STRING;
  return range.kind === 'dyn' ? DYN : null;
}

function literalType(value: CelValue): Type {
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'bigint':
      return INT;
    case 'number':
      return DOUBLE;
    case 'string':
      return STRING;
    default:
      return value === null ? NULL : DYN;
  }
}

const SPOKEN: ReadonlyMap<string, string> = new Map([
  ['_?_:_', '? :'],
  ['_[_]', '[ ]'],
  ['@in', 'in'],
  ['-_', '-'],
  ['!_', '!'],
]);

function spoken(name: string): string {
  return SPOKEN.get(name) ?? name.replace(/^_|_$/g, '');
}
