/** Names become what they stand for: an attribute, `now`, a variable of a macro, a type. */
import type { ConditionFault } from '../condition-evaluator.contract.js';
import type { Macro, Node } from './syntax.js';
import type { CelValue } from './values.js';

/** An expression in which every name is resolved. */
export type Bound =
  | { readonly kind: 'literal'; readonly at: number; readonly value: CelValue }
  | { readonly kind: 'now'; readonly at: number }
  | { readonly kind: 'local'; readonly at: number; readonly slot: number; readonly name: string }
  | { readonly kind: 'attribute'; readonly at: number; readonly index: number }
  /** `has(context.ip)`. */
  | { readonly kind: 'present'; readonly at: number; readonly index: number }
  | { readonly kind: 'select'; readonly at: number; readonly operand: Bound; readonly field: string; readonly test: boolean }
  | {
      readonly kind: 'call';
      readonly at: number;
      readonly name: string;
      readonly target: Bound | null;
      readonly args: readonly Bound[];
    }
  | { readonly kind: 'list'; readonly at: number; readonly elements: readonly Bound[] }
  | { readonly kind: 'map'; readonly at: number; readonly entries: readonly { readonly key: Bound; readonly value: Bound }[] }
  | BoundFold;

export interface BoundFold {
  readonly kind: 'fold';
  readonly at: number;
  readonly macro: Macro;
  readonly variable: string;
  readonly slot: number;
  readonly range: Bound;
  readonly test: Bound | null;
  readonly step: Bound | null;
}

/** What a chain of names such as `subject.manager.name` starts with, and how many of them are used up by that. */
export interface Resolution {
  readonly bound: Bound;
  readonly used: number;
}

export interface Names {
  /** `test`: the whole chain is asked about by `has`. A text: why it may not be read. */
  resolve(chain: readonly string[], place: { readonly at: number; readonly test: boolean }): Resolution | string;
  /** Why a variable of a macro may not have this name; `null`: it may. */
  variableFault(name: string): string | null;
}

export function bind(node: Node, names: Names): { readonly bound: Bound; readonly faults: readonly ConditionFault[] } {
  const binder = new Binder(names);
  return { bound: binder.bind(node, []), faults: binder.faults };
}

interface Chain {
  readonly names: readonly string[];
  readonly test: boolean;
  /** The node of each name, from the first on. */
  readonly nodes: readonly Node[];
}

class Binder {
  readonly faults: ConditionFault[] = [];

  constructor(private readonly names: Names) {}

  bind(node: Node, variables: readonly string[]): Bound {
    switch (node.kind) {
      case 'literal':
        return node;
      case 'name':
        return this.chain(chainOf(node), variables);
      case 'select':
        return this.select(node, variables);
      case 'call':
        return this.call(node, variables);
      case 'list':
        return { kind: 'list', at: node.at, elements: node.elements.map((element) => this.bind(element, variables)) };
      case 'map':
        return {
          kind: 'map',
          at: node.at,
          entries: node.entries.map(({ key, value }) => ({ key: this.bind(key, variables), value: this.bind(value, variables) })),
        };
      case 'message':
        return this.fault(node.at, `messages such as ${node.name} are not known`);
      case 'fold':
        return this.fold(node, variables);
    }
  }

  private select(node: Extract<Node, { kind: 'select' }>, variables: readonly string[]): Bound {
    const chain = chainOf(node);
    if (chain.names.length > 0) return this.chain(chain, variables);
    return { ...node, operand: this.bind(node.operand, variables) };
  }

  private call(node: Extract<Node, { kind: 'call' }>, variables: readonly string[]): Bound {
    const chain = chainOf(node);
    if (chain.names.length > 1 && !variables.includes(chain.names[0] ?? '')) {
      const resolved = this.names.resolve(chain.names, { at: node.at, test: false });
      if (typeof resolved !== 'string' && resolved.used === chain.names.length) return resolved.bound;
    }
    return {
      ...node,
      target: node.target === null ? null : this.bind(node.target, variables),
      args: node.args.map((arg) => this.bind(arg, variables)),
    };
  }

  private chain({ names, test, nodes }: Chain, variables: readonly string[]): Bound {
    const [name = ''] = names;
    const at = nodes[0]?.at ?? 0;
    const slot = variables.lastIndexOf(name);
    const resolved =
      slot < 0 ? this.names.resolve(names, { at, test }) : { bound: { kind: 'local', at, slot, name } as const, used: 1 };
    if (typeof resolved === 'string') return this.fault(at, resolved);
    return names.slice(resolved.used).reduce<Bound>((operand, field, index) => {
      const place = resolved.used + index;
      const isLast = place === names.length - 1;
      return { kind: 'select', at: nodes[place]?.at ?? at, operand, field, test: test && isLast };
    }, resolved.bound);
  }

  private fold(node: Extract<Node, { kind: 'fold' }>, variables: readonly string[]): Bound {
    const { range, test, step, ...rest } = node;
    const fault = this.names.variableFault(node.variable);
    if (fault !== null) this.fault(node.at, fault);
    const inner = [...variables, node.variable];
    return {
      ...rest,
      slot: variables.length,
      range: this.bind(range, variables),
      test: test === null ? null : this.bind(test, inner),
      step: step === null ? null : this.bind(step, inner),
    };
  }

  private fault(at: number, message: string): Bound {
    this.faults.push({ at, message });
    return { kind: 'literal', at, value: null };
  }
}

/** `a.b.c`, and `a["b"]` as `a.b`; no names: it starts with something else. */
function chainOf(node: Node): Chain {
  if (node.kind === 'name') return { names: [node.name], test: false, nodes: [node] };
  if (node.kind === 'select') return longer(chainOf(node.operand), node, node.field);
  if (node.kind === 'call' && node.name === '_[_]') {
    const [operand, index] = node.args;
    if (operand?.kind === 'name' && index?.kind === 'literal' && typeof index.value === 'string')
      return longer(chainOf(operand), node, index.value);
  }
  return { names: [], test: false, nodes: [] };
}

function longer(chain: Chain, node: Node, name: string): Chain {
  if (chain.names.length === 0 || chain.test) return { names: [], test: false, nodes: [] };
  return { names: [...chain.names, name], test: node.kind === 'select' && node.test, nodes: [...chain.nodes, node] };
}

export function boundChildren(node: Bound): readonly Bound[] {
  switch (node.kind) {
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
    default:
      return [];
  }
}
