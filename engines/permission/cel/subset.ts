/** What of CEL a condition may use: the rest is refused with its reason. It is about the text alone, not about names and types. */
import type { ConditionFault } from '../condition-evaluator.contract.js';
import { isTimeField } from './time-fields.js';
import { childrenOf, type Node } from './syntax.js';
import { CelUint, type CelValue } from './values.js';

export const MOST_TEXT = 2_048;
export const MOST_NODES = 200;
export const MOST_NESTED = 32;
const MOST_NESTED_MACROS = 2;
export const MOST_LITERALS = 100;

/** Calls by name, form and number of arguments. */
const CALLS: ReadonlySet<string> = new Set([
  ...['_&&_', '_||_', '_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_', '_+_', '_-_', '_*_', '_/_', '_%_', '@in', '_[_]'].map(
    (name) => `${name}/2`,
  ),
  ...['!_/1', '-_/1', '_?_:_/3'],
  ...['size/1', '.size/0', '.contains/1', '.startsWith/1', '.endsWith/1', '.matches/1', 'matches/2', '.lowerAscii/0'],
  ...['timestamp/1', 'duration/1', 'inCidr/2'],
]);
const REASONS: ReadonlyMap<string, string> = new Map([
  ['getMilliseconds', 'nothing that is decided here may change every millisecond'],
  ['has', 'has takes an attribute or a member: has(subject.manager)'],
  ...['int', 'uint', 'double', 'string', 'bytes', 'bool', 'dyn', 'type'].map((name): [string, string] => [
    name,
    'types are not converted: declare the attribute with the type that it is used as',
  ]),
  ...['all', 'exists', 'exists_one', 'filter', 'map'].map((name): [string, string] => [
    name,
    'a macro takes a variable and an expression: subject.groups.exists(group, group == "staff")',
  ]),
]);

const TEXTS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/gs;

/**
 * Of the text before it is parsed: the parser is recursive, and how deep it gets depends on who calls it. What is refused at one
 * time must not be taken at another.
 */
export function bracketDepth(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const sign of text.replace(TEXTS, '')) {
    if ('([{'.includes(sign)) deepest = Math.max(deepest, (depth += 1));
    else if (')]}'.includes(sign)) depth -= 1;
  }
  return deepest;
}

export function subsetFaults(node: Node): readonly ConditionFault[] {
  const walk = new Walk();
  walk.visit(node, { depth: 1, macros: 0 });
  return walk.faults;
}

interface Position {
  readonly depth: number;
  readonly macros: number;
}

class Walk {
  readonly faults: ConditionFault[] = [];
  private nodes = 0;

  visit(node: Node, { depth, macros }: Position): void {
    this.nodes += 1;
    if (this.nodes === MOST_NODES + 1) this.fault(node, `it has more than ${MOST_NODES} parts`);
    if (depth === MOST_NESTED + 1) this.fault(node, `it is nested deeper than ${MOST_NESTED}`);
    if (this.nodes > MOST_NODES || depth > MOST_NESTED) return;
    const reason = reasonAgainst(node);
    if (reason !== null) this.fault(node, reason);
    const within = node.kind === 'fold' ? macros + 1 : macros;
    if (node.kind === 'fold' && within === MOST_NESTED_MACROS + 1)
      this.fault(node, `macros are nested deeper than ${MOST_NESTED_MACROS}`);
    for (const child of childrenOf(node)) this.visit(child, { depth: depth + 1, macros: within });
  }

  private fault({ at }: Node, message: string): void {
    this.faults.push({ at, message });
  }
}

function reasonAgainst(node: Node): string | null {
  switch (node.kind) {
    case 'literal':
      return literalReason(node.value);
    case 'list':
      return node.elements.length > MOST_LITERALS ? `a list has more than ${MOST_LITERALS} elements` : null;
    case 'map':
      return 'maps are not written in conditions: declare an attribute of type map<string, …>';
    case 'message':
      return 'messages are not known';
    case 'call':
      return callReason(node);
    default:
      return null;
  }
}

function literalReason(value: CelValue): string | null {
  if (value instanceof CelUint) return 'there are no unsigned numbers: leave the u out';
  if (value instanceof Uint8Array) return 'there are no bytes: use a string';
  if (value === null) return 'nothing is null: ask has(…) whether there is a value';
  return typeof value === 'number' && !Number.isFinite(value) ? 'the number is too large' : null;
}

function callReason({ name, target, args }: Extract<Node, { kind: 'call' }>): string | null {
  const isField = target !== null && args.length <= 1 && isTimeField(name) && name !== 'getMilliseconds';
  if (isField || CALLS.has(`${target === null ? '' : '.'}${name}/${args.length}`)) return isLiteralPattern(name, args);
  return REASONS.get(name) ?? `there is no function ${name} of this form`;
}

function isLiteralPattern(name: string, args: readonly Node[]): string | null {
  if (name !== 'matches' || args.at(-1)?.kind === 'literal') return null;
  return 'a regular expression is written in the text, so that it is compiled and bounded before';
}
