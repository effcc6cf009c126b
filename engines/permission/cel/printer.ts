/** Expressions as text again, with no bracket more than the grammar needs. */
import type { Bound, BoundFold } from './binding.js';
import { printDuration, printTimestamp } from './moments.js';
import { CelDuration, CelTimestamp, CelUint, type CelValue, isList } from './values.js';

/** Operators that stand between their operands, with how tightly they bind. */
const BETWEEN: ReadonlyMap<string, { readonly sign: string; readonly strength: number }> = new Map([
  ['_||_', { sign: '||', strength: 2 }],
  ['_&&_', { sign: '&&', strength: 3 }],
  ['_==_', { sign: '==', strength: 4 }],
  ['_!=_', { sign: '!=', strength: 4 }],
  ['_<_', { sign: '<', strength: 4 }],
  ['_<=_', { sign: '<=', strength: 4 }],
  ['_>_', { sign: '>', strength: 4 }],
  ['_>=_', { sign: '>=', strength: 4 }],
  ['@in', { sign: 'in', strength: 4 }],
  ['_+_', { sign: '+', strength: 5 }],
  ['_-_', { sign: '-', strength: 5 }],
  ['_*_', { sign: '*', strength: 6 }],
  ['_/_', { sign: '/', strength: 6 }],
  ['_%_', { sign: '%', strength: 6 }],
]);
const TERNARY = 1;
const PREFIX = 7;
const MEMBER = 8;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Words that are no names. */
const RESERVED: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

/** What the number of an attribute stands for. */
export type AttributeNames = readonly { readonly root: string; readonly name: string }[];

export function printExpression(bound: Bound, attributes: AttributeNames): string {
  return new Printer(attributes).print(bound, 0);
}

class Printer {
  constructor(private readonly attributes: AttributeNames) {}

  /** `strength`: what it is put into binds as tightly. */
  print(node: Bound, strength: number): string {
    const text = this.textOf(node);
    return strengthOf(node) < strength ? `(${text})` : text;
  }

  private textOf(node: Bound): string {
    switch (node.kind) {
      case 'literal':
        return printValue(node.value);
      case 'now':
        return 'now';
      case 'local':
        return node.name;
      case 'list':
        return `[${this.all(node.elements)}]`;
      case 'map':
        return `{${node.entries.map(({ key, value }) => `${this.print(key, 0)}: ${this.print(value, 0)}`).join(', ')}}`;
      case 'call':
        return this.call(node);
      case 'fold':
        return this.fold(node);
      default:
        return this.read(node);
    }
  }

  private read(node: Extract<Bound, { kind: 'attribute' | 'present' | 'select' }>): string {
    if (node.kind === 'select') {
      const text = member(this.print(node.operand, MEMBER), node.field);
      return node.test ? `has(${text})` : text;
    }
    const { root, name } = this.attributes[node.index] ?? { root: 'unknown', name: node.index.toString() };
    const text = member(root, name);
    return node.kind === 'present' ? `has(${text})` : text;
  }

  private call(node: Extract<Bound, { kind: 'call' }>): string {
    const { name, target, args } = node;
    const [a, b, c] = args as readonly [Bound, Bound, Bound];
    const between = BETWEEN.get(name);
    if (between !== undefined) return this.between(between, a, b);
    if (name === '_?_:_') return `${this.print(a, TERNARY + 1)} ? ${this.print(b, TERNARY + 1)} : ${this.print(c, TERNARY)}`;
    if (name === '_[_]') return `${this.print(a, MEMBER)}[${this.print(b, 0)}]`;
    if (name === '!_' || name === '-_') return `${name.charAt(0)}${this.print(a, MEMBER)}`;
    return `${target === null ? '' : `${this.print(target, MEMBER)}.`}${name}(${this.all(args)})`;
  }

  /** Of the same strength only what stands on the left needs no brackets; in logic it does not matter where they stand. */
  private between({ sign, strength }: { readonly sign: string; readonly strength: number }, a: Bound, b: Bound): string {
    const isLogic = sign === '&&' || sign === '||';
    return `${this.print(a, strength)} ${sign} ${this.print(b, isLogic ? strength : strength + 1)}`;
  }

  private fold({ range, macro, variable, test, step }: BoundFold): string {
    const parts = [test, step].filter((part) => part !== null).map((part) => this.print(part, 0));
    return `${this.print(range, MEMBER)}.${macro}(${[variable, ...parts].join(', ')})`;
  }

  private all(nodes: readonly Bound[]): string {
    return nodes.map((node) => this.print(node, 0)).join(', ');
  }
}

function strengthOf(node: Bound): number {
  if (node.kind === 'literal') return isNegative(node.value) ? PREFIX : MEMBER;
  if (node.kind !== 'call') return MEMBER;
  if (node.name === '_?_:_') return TERNARY;
  return BETWEEN.get(node.name)?.strength ?? (node.name === '!_' || node.name === '-_' ? PREFIX : MEMBER);
}

function isNegative(value: CelValue): boolean {
  return (typeof value === 'bigint' && value < 0n) || (typeof value === 'number' && (value < 0 || Object.is(value, -0)));
}

function member(operand: string, name: string): string {
  return IDENTIFIER.test(name) && !RESERVED.has(name) ? `${operand}.${name}` : `${operand}[${printText(name)}]`;
}

function printValue(value: CelValue): string {
  if (typeof value === 'string') return printText(value);
  if (typeof value === 'number') return printNumber(value);
  if (isList(value)) return `[${value.map(printValue).join(', ')}]`;
  if (value instanceof CelTimestamp) return `timestamp("${printTimestamp(value)}")`;
  if (value instanceof CelDuration) return `duration("${printDuration(value)}")`;
  if (value instanceof CelUint) return `${value.value}u`;
  return typeof value === 'object' ? 'null' : value.toString();
}

/** What nobody sees is written by its number; conditions have it in no other way. */
function printText(value: string): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const number = (character.codePointAt(0) ?? 0).toString(16);
    return number.length > 4 ? `\\U${number.padStart(8, '0')}` : `\\u${number.padStart(4, '0')}`;
  });
}

/** Written so that it is read as a double. */
function printNumber(value: number): string {
  const text = Object.is(value, -0) ? '-0' : value.toString();
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
