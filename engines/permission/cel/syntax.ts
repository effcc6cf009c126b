import { parse } from '@bufbuild/cel';
import { CelUint, type CelValue } from './values.js';

export type Macro = 'all' | 'exists' | 'exists_one' | 'filter' | 'map';

/** An expression. `at` is its offset in the text, from 0. Operators are calls: `_<_`, `_&&_`, `_?_:_`, `_[_]`, `@in`, `!_`, `-_`. */
export type Node =
  | { readonly kind: 'literal'; readonly at: number; readonly value: CelValue }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  /** `test`: `has(operand.field)`. */
  | { readonly kind: 'select'; readonly at: number; readonly operand: Node; readonly field: string; readonly test: boolean }
  | {
      readonly kind: 'call';
      readonly at: number;
      readonly name: string;
      readonly target: Node | null;
      readonly args: readonly Node[];
    }
  | { readonly kind: 'list'; readonly at: number; readonly elements: readonly Node[] }
  | { readonly kind: 'map'; readonly at: number; readonly entries: readonly { readonly key: Node; readonly value: Node }[] }
  | { readonly kind: 'message'; readonly at: number; readonly name: string }
  | Fold;

/** A macro over a list or the keys of a map. */
export interface Fold {
  readonly kind: 'fold';
  readonly at: number;
  readonly macro: Macro;
  readonly variable: string;
  readonly range: Node;
  /** The predicate; `null` with a `map` of two arguments. */
  readonly test: Node | null;
  /** What `map` answers for each element. */
  readonly step: Node | null;
}

export type Parsed =
  { readonly ok: true; readonly node: Node } | { readonly ok: false; readonly at: number | null; readonly message: string };

type ParsedExpr = ReturnType<typeof parse>;
type Expr = ParsedExpr['expr'];
type Kind<Case> = Extract<Expr['exprKind'], { readonly case: Case }>;

/** Thrown while an expression is read, caught in `parseExpression`. */
class Unreadable extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

export function parseExpression(text: string): Parsed {
  try {
    const parsed = parse(text);
    return { ok: true, node: new Reader(parsed).read(parsed.expr) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, at: error.at, message: error.message };
    // The parser is recursive: a text that is nested hundreds of levels deep ends here.
    if (error instanceof RangeError) return { ok: false, at: null, message: 'it is nested too deep to be read' };
    return { ok: false, at: offsetOf(error), message: messageOf(error) };
  }
}

function offsetOf(error: unknown): number | null {
  const { location } = error as { readonly location?: { readonly start?: { readonly offset?: unknown } } };
  return typeof location?.start?.offset === 'number' ? location.start.offset : null;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : 'it cannot be read';
  return message.replace(/^<input>:\d+:\d+: /, '').slice(0, 300);
}

class Reader {
  constructor(private readonly parsed: ParsedExpr) {}

  read(expr: Expr): Node {
    const at = this.at(expr.id);
    const { exprKind } = expr;
    switch (exprKind.case) {
      case 'constExpr':
        return { kind: 'literal', at, value: literalOf(exprKind.value, at) };
      case 'identExpr':
        return { kind: 'name', at, name: exprKind.value.name };
      case 'selectExpr':
        return this.select(exprKind.value, at);
      case 'callExpr':
        return this.call(exprKind.value, at);
      case 'listExpr':
        return { kind: 'list', at, elements: exprKind.value.elements.map((element) => this.read(element)) };
      case 'structExpr':
        return this.struct(exprKind.value, at);
      case 'comprehensionExpr':
        return this.fold(exprKind.value, at, this.parsed.sourceInfo?.macroCalls[expr.id.toString()]);
      default:
        throw new Unreadable(at, 'it cannot be read');
    }
  }

  private at(id: bigint): number {
    return this.parsed.sourceInfo?.positions[id.toString()] ?? 0;
  }

  private select({ operand, field, testOnly }: Kind<'selectExpr'>['value'], at: number): Node {
    return { kind: 'select', at, operand: this.read(present(operand, at)), field, test: testOnly };
  }

  private call({ function: name, target, args }: Kind<'callExpr'>['value'], at: number): Node {
    return {
      kind: 'call',
      at,
      name,
      target: target === undefined ? null : this.read(target),
      args: args.map((arg) => this.read(arg)),
    };
  }

  private struct({ messageName, entries }: Kind<'structExpr'>['value'], at: number): Node {
    if (messageName !== '') return { kind: 'message', at, name: messageName };
    return {
      kind: 'map',
      at,
      entries: entries.map(({ keyKind, value }) => {
        if (keyKind.case !== 'mapKey') throw new Unreadable(at, 'it cannot be read');
        return { key: this.read(keyKind.value), value: this.read(present(value, at)) };
      }),
    };
  }

  /** The parser has expanded the macro already; the parts are where each expansion puts them. */
  private fold({ iterVar, iterRange, loopStep }: Kind<'comprehensionExpr'>['value'], at: number, origin: Expr | undefined): Node {
    const name = origin?.exprKind.case === 'callExpr' ? origin.exprKind.value.function : '';
    const range = this.read(present(iterRange, at));
    const args = argsOf(present(loopStep, at));
    const base = { kind: 'fold', at, variable: iterVar, range } as const;
    const arg = (index: number): Node => this.read(present(args[index], at));
    switch (name) {
      case 'all':
      case 'exists':
        return { ...base, macro: name, test: arg(1), step: null };
      case 'filter':
        return { ...base, macro: name, test: arg(0), step: null };
      case 'exists_one':
      case 'existsOne':
        return { ...base, macro: 'exists_one', test: arg(0), step: null };
      case 'map':
        return args.length === 3
          ? { ...base, macro: name, test: arg(0), step: this.mapped(present(args[1], at), at) }
          : { ...base, macro: name, test: null, step: this.mapped(present(loopStep, at), at) };
      default:
        throw new Unreadable(at, `the macro ${name} is not known`);
    }
  }

  /** `@result + [step]`. */
  private mapped(addition: Expr, at: number): Node {
    const list = this.read(present(argsOf(addition)[1], at));
    return present(list.kind === 'list' ? list.elements[0] : undefined, at);
  }
}

function argsOf(expr: Expr): readonly Expr[] {
  return expr.exprKind.case === 'callExpr' ? expr.exprKind.value.args : [];
}

function present<Value>(value: Value | undefined, at: number): Value {
  if (value === undefined) throw new Unreadable(at, 'it cannot be read');
  return value;
}

function literalOf({ constantKind }: Kind<'constExpr'>['value'], at: number): CelValue {
  switch (constantKind.case) {
    case 'int64Value':
      return within(constantKind.value, at, [INT_MIN, INT_MAX]);
    case 'uint64Value':
      return new CelUint(within(constantKind.value, at, [0n, UINT_MAX]));
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
      return constantKind.value;
    default:
      throw new Unreadable(at, 'it cannot be read');
  }
}

function within(value: bigint, at: number, [least, most]: readonly [bigint, bigint]): bigint {
  if (value < least || value > most) throw new Unreadable(at, 'the number has more than 64 bits');
  return value;
}

/** The expressions right below. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
    case 'message':
      return [];
    case 'select':
      return [node.operand];
    case 'call':
      return node.target === null ? node.args : [node.target, ...node.args];
    case 'list':
      return node.elements;
    case 'map':
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case 'fold':
      return [node.range, node.test, node.step].filter((child) => child !== null);
  }
}
