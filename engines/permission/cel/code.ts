/** An expression becomes closures. The same for conditions and for the whole language, traced or not. */
import type { ConditionFault } from '../condition-evaluator.contract.js';
import type { Bound, BoundFold } from './binding.js';
import { charge, type Code } from './frame.js';
import { type Argument, binary, functionOf, unary } from './functions.js';
import { existsOne, type Loop, logical, not, quantifier, selection, ternary } from './logic.js';
import { add, type Binary, divide, multiply, negated, NO_OVERLOAD, remainder, subtract } from './arithmetic.js';
import { equal, indexed, isIn, memberOf, ordered } from './comparison.js';
import { NO_VALUE } from './attributes.js';
import { CelMap, CelUint, type CelValue, Failure, isStop, type Outcome, type Stop, stopOf } from './values.js';

const OPERATORS: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ['_+_', add],
  ['_-_', subtract],
  ['_*_', multiply],
  ['_/_', divide],
  ['_%_', remainder],
  ['_==_', equal],
  ['_!=_', (frame, a, b) => !equal(frame, a, b)],
  ['_<_', ordered((order) => order < 0)],
  ['_<=_', ordered((order) => order <= 0)],
  ['_>_', ordered((order) => order > 0)],
  ['_>=_', ordered((order) => order >= 0)],
  ['@in', isIn],
  ['_[_]', indexed],
]);
const REPEATED_KEY = new Failure('a key twice');
const NO_KEY_TYPE = new Failure('a key of a type that keys do not have');

/** Puts itself around the code of each expression. */
export type Wrapper = (node: Bound, code: Code) => Code;

export interface Compiled {
  readonly code: Code;
  readonly faults: readonly ConditionFault[];
}

export function compileCode(bound: Bound, wrap: Wrapper = (_node, code) => code): Compiled {
  const compiler = new Compiler(wrap);
  return { code: compiler.compile(bound), faults: compiler.faults };
}

class Compiler {
  readonly faults: ConditionFault[] = [];

  constructor(private readonly wrap: Wrapper) {}

  compile(node: Bound): Code {
    return this.wrap(node, this.codeOf(node));
  }

  private codeOf(node: Bound): Code {
    switch (node.kind) {
      case 'select':
        return select(this.compile(node.operand), node.field, node.test);
      case 'call':
        return this.call(node);
      case 'list':
        return list(node.elements.map((element) => this.compile(element)));
      case 'map':
        return this.map(node);
      case 'fold':
        return this.fold(node);
      default:
        return leaf(node);
    }
  }

  private argument(node: Bound): Argument {
    return { code: this.compile(node), literal: node.kind === 'literal' ? node.value : undefined };
  }

  private call(node: Extract<Bound, { kind: 'call' }>): Code {
    const nodes = node.target === null ? node.args : [node.target, ...node.args];
    const args = nodes.map((arg) => this.argument(arg));
    const operator = node.target === null ? operatorOf(node.name, args) : undefined;
    if (operator !== undefined) return operator;
    const build = functionOf(node.name, { method: node.target !== null, args: node.args.length });
    const built = build === undefined ? `there is no function ${node.name} of this form` : build(node.name, args);
    if (typeof built !== 'string') return built;
    this.faults.push({ at: node.at, message: built });
    const failure = new Failure(built);
    return () => failure;
  }

  private map(node: Extract<Bound, { kind: 'map' }>): Code {
    const entries = node.entries.map(({ key, value }) => ({ key: this.compile(key), value: this.compile(value) }));
    return (frame) => {
      charge(frame, 1 + entries.length);
      const built = new CelMap();
      let stop: Stop | null = null;
      for (const entry of entries) {
        const key = entry.key(frame);
        const value = entry.value(frame);
        if (isStop(key) || isStop(value)) stop = stop === null ? stopOf(key, value) : stopOf(stop, stopOf(key, value));
        else if (typeof key === 'number' || (typeof key === 'object' && !(key instanceof CelUint))) return NO_KEY_TYPE;
        else if (!built.add(key, value)) return REPEATED_KEY;
      }
      return stop ?? built;
    };
  }

  private fold(node: BoundFold): Code {
    const loop: Loop = { slot: node.slot, range: this.compile(node.range) };
    const test = node.test === null ? null : this.compile(node.test);
    const step = node.step === null ? null : this.compile(node.step);
    if (test === null || node.macro === 'map' || node.macro === 'filter') return selection(loop, test, step);
    return node.macro === 'exists_one' ? existsOne(loop, test) : quantifier(loop, test, node.macro === 'exists');
  }
}

function operatorOf(name: string, args: readonly Argument[]): Code | undefined {
  const [a, b, c] = args as readonly [Argument, Argument, Argument];
  switch (name) {
    case '_&&_':
      return logical(a.code, b.code, false);
    case '_||_':
      return logical(a.code, b.code, true);
    case '_?_:_':
      return ternary(a.code, b.code, c.code);
    case '!_':
      return not(a.code);
    case '-_':
      return unary(a, (_frame, value) => negated(value));
    default: {
      const operator = OPERATORS.get(name);
      return operator === undefined ? undefined : binary([a, b], operator);
    }
  }
}

function leaf(node: Extract<Bound, { kind: 'literal' | 'now' | 'local' | 'attribute' | 'present' }>): Code {
  switch (node.kind) {
    case 'literal':
      return constant(node.value);
    case 'now':
      return (frame) => frame.now;
    case 'local':
      return local(node.slot);
    case 'attribute':
      return attribute(node.index);
    case 'present':
      return present(node.index);
  }
}

function constant(value: CelValue): Code {
  return () => value;
}

function local(slot: number): Code {
  return (frame) => frame.locals[slot] as Outcome;
}

function attribute(index: number): Code {
  return (frame) => {
    charge(frame, 1);
    return (frame.attributes[index] ??= frame.load(index, frame));
  };
}

/** `has`: an attribute that is there, whatever its value. */
function present(index: number): Code {
  const read = attribute(index);
  return (frame) => {
    const value = read(frame);
    if (value === NO_VALUE) return false;
    return isStop(value) ? value : true;
  };
}

function select(operand: Code, field: string, test: boolean): Code {
  return (frame) => {
    charge(frame, 1);
    const value = operand(frame);
    if (isStop(value)) return value;
    if (!(value instanceof CelMap)) return NO_OVERLOAD;
    return test ? value.get(field) !== undefined : memberOf(value, field);
  };
}

function list(elements: readonly Code[]): Code {
  return (frame) => {
    charge(frame, 1 + elements.length);
    const built: CelValue[] = [];
    let stop: Stop | null = null;
    for (const element of elements) {
      const value = element(frame);
      if (isStop(value)) stop = stop === null ? value : stopOf(stop, value);
      else built.push(value);
    }
    return stop ?? built;
  };
}
