/** What is left to decide of a condition, with everything that is known put in. */
import { type Bound, type BoundFold, boundChildren } from './binding.js';
import { compileCode } from './code.js';
import { BudgetUsedUp, type Code, type Frame } from './frame.js';
import type { Attribute } from './names.js';
import { printExpression } from './printer.js';
import { MOST_LITERALS, MOST_NESTED, MOST_NODES, MOST_TEXT } from './subset.js';
import { CelDuration, CelTimestamp, type CelValue, isList, isStop, type Outcome, Unknown } from './values.js';

export interface Residual {
  readonly text: string;
  /** Paths that are read in it and not known, sorted. */
  readonly missing: readonly string[];
}

const LONGEST_TEXT = 256;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Stands for an element of a list, whichever it is. */
const ANY_ELEMENT = new Unknown([]);

/** Prepared once for an expression, at the first time that something is missing. */
export class Reducer {
  private readonly codes = new Map<Bound, Code>();

  constructor(
    private readonly bound: Bound,
    private readonly attributes: readonly Attribute[],
  ) {
    compileCode(bound, (node, code) => this.remembering(node, code));
  }

  /** With a moving `now`: it stays `now` where it is not settled. */
  reduce(frame: Frame): Residual {
    frame.results = new Map();
    for (const lists of [true, false]) {
      const left = this.tryReducing({ frame, lists });
      const text = fits(left) ? printExpression(left, this.attributes) : '';
      if (text !== '' && text.length <= MOST_TEXT) return { text, missing: this.missing(left, frame) };
    }
    return { text: printExpression(this.bound, this.attributes), missing: this.missing(this.bound, frame) };
  }

  /** Where the budget does not last, the condition stays as it is. */
  private tryReducing(way: Way): Bound {
    try {
      return this.reduced(this.bound, way);
    } catch (error) {
      if (error instanceof BudgetUsedUp) return this.bound;
      throw error;
    }
  }

  /** So that nothing is computed twice. Elements of lists vary: what reads them is not kept. */
  private remembering(node: Bound, code: Code): Code {
    const kept = readsLocal(node)
      ? code
      : (frame: Frame): Outcome => {
          const before = frame.results?.get(node);
          if (before !== undefined) return before;
          const result = code(frame);
          frame.results?.set(node, result);
          return result;
        };
    this.codes.set(node, kept);
    return kept;
  }

  private reduced(node: Bound, way: Way): Bound {
    if (node.kind === 'literal' || node.kind === 'now' || node.kind === 'local') return node;
    const value = this.codes.get(node)?.(way.frame);
    if (value !== undefined && isWritable(value, way.lists)) return { kind: 'literal', at: node.at, value };
    return this.opened(node, way);
  }

  private opened(node: Bound, way: Way): Bound {
    switch (node.kind) {
      case 'call':
        return this.call(node, way);
      case 'select':
        return { ...node, operand: this.reduced(node.operand, way) };
      case 'list':
        return { ...node, elements: node.elements.map((element) => this.reduced(element, way)) };
      case 'fold':
        return this.fold(node, way);
      default:
        return node;
    }
  }

  private call(node: Extract<Bound, { kind: 'call' }>, way: Way): Bound {
    if (node.name === '_?_:_') return this.ternary(node, way);
    const target = node.target === null ? null : this.reduced(node.target, way);
    const args = node.args.map((arg) => this.reduced(arg, way));
    const [a, b] = args;
    const neutral = node.name === '_&&_' ? true : node.name === '_||_' ? false : undefined;
    if (neutral !== undefined && a !== undefined && b !== undefined) {
      if (isLiteral(a, neutral)) return b;
      if (isLiteral(b, neutral)) return a;
    }
    return { ...node, target, args };
  }

  private ternary(node: Extract<Bound, { kind: 'call' }>, way: Way): Bound {
    const [condition, yes, no] = node.args as readonly [Bound, Bound, Bound];
    const reduced = this.reduced(condition, way);
    if (isLiteral(reduced, true)) return this.reduced(yes, way);
    if (isLiteral(reduced, false)) return this.reduced(no, way);
    return { ...node, args: [reduced, this.reduced(yes, way), this.reduced(no, way)] };
  }

  private fold(node: BoundFold, way: Way): Bound {
    const range = this.reduced(node.range, way);
    way.frame.locals[node.slot] = ANY_ELEMENT;
    const test = node.test === null ? null : this.reduced(node.test, way);
    way.frame.locals[node.slot] = ANY_ELEMENT;
    const step = node.step === null ? null : this.reduced(node.step, way);
    return { ...node, range, test, step };
  }

  private missing(node: Bound, frame: Frame): readonly string[] {
    const paths = new Set<string>();
    const visit = (one: Bound): void => {
      if (one.kind === 'attribute' || one.kind === 'present') {
        const value = (frame.attributes[one.index] ??= frame.load(one.index, frame));
        if (value instanceof Unknown) for (const path of value.paths) paths.add(path);
      }
      boundChildren(one).forEach(visit);
    };
    visit(node);
    return [...paths].sort();
  }
}

interface Way {
  readonly frame: Frame;
  /** Whether lists are put in: without them it is shorter. */
  readonly lists: boolean;
}

function isLiteral(node: Bound, value: boolean): boolean {
  return node.kind === 'literal' && node.value === value;
}

function readsLocal(node: Bound): boolean {
  return node.kind === 'local' || boundChildren(node).some(readsLocal);
}

/** What can be written into a condition, and says the same whenever it is read. */
function isWritable(value: Outcome, lists: boolean): value is CelValue {
  if (typeof value === 'string') return value.length <= LONGEST_TEXT && !LONE_SURROGATE.test(value);
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'object' ? isWritableObject(value, lists) : true;
}

function isWritableObject(value: Outcome, lists: boolean): boolean {
  if (value instanceof CelTimestamp || value instanceof CelDuration) return value.slope === 0;
  if (isStop(value) || !isList(value)) return false;
  return lists && value.length <= MOST_LITERALS && value.every((element) => isWritable(element, lists));
}

function fits(bound: Bound): boolean {
  const { parts, depth } = measure(bound);
  return parts <= MOST_NODES && depth <= MOST_NESTED;
}

function measure(node: Bound): { readonly parts: number; readonly depth: number } {
  if (node.kind === 'literal') return measureValue(node.value);
  // An attribute is a name and a member of it.
  const own = node.kind === 'attribute' || node.kind === 'present' ? 2 : 1;
  return combine(own, boundChildren(node).map(measure));
}

function measureValue(value: CelValue): { readonly parts: number; readonly depth: number } {
  if (isList(value)) return combine(1, value.map(measureValue));
  const parts = value instanceof CelTimestamp || value instanceof CelDuration ? 2 : 1;
  return { parts, depth: parts };
}

function combine(
  own: number,
  parts: readonly { readonly parts: number; readonly depth: number }[],
): { readonly parts: number; readonly depth: number } {
  return {
    parts: parts.reduce((sum, part) => sum + part.parts, own),
    depth: parts.reduce((deepest, part) => Math.max(deepest, part.depth), 0) + own,
  };
}
