/** The names that a condition may read: declared attributes, parameters, `now`. */
import type { AttributeDeclaration, AttributeValue } from '#accessors/policy/contract.js';
import type { ConditionScope } from '../condition-evaluator.contract.js';
import { isReadable, typeOfParam } from './attributes.js';
import type { Names, Resolution } from './binding.js';
import { parseType, STRING, type Type } from './condition-types.js';

/** Something that a condition reads, with its number in the evaluation. */
export interface Attribute {
  readonly root: string;
  readonly name: string;
  readonly path: string;
  readonly type: Type;
}

const ROOTS: ReadonlySet<string> = new Set(['subject', 'tenant', 'session', 'context', 'resource', 'params']);
const RESERVED: ReadonlySet<string> = new Set([...ROOTS, 'now']);
/** Every resource has them. */
const OF_ANY_RESOURCE: ReadonlySet<string> = new Set(['id', 'type', 'unit', 'path']);

export class ConditionNames implements Names {
  /** What was resolved so far, each once. */
  readonly attributes: Attribute[] = [];

  constructor(private readonly scope: ConditionScope) {}

  resolve(chain: readonly string[], { at, test }: { readonly at: number; readonly test: boolean }): Resolution | string {
    const [root = '', name] = chain;
    if (root === 'now') return { bound: { kind: 'now', at }, used: 1 };
    if (!ROOTS.has(root)) return `${root} is not known: there are ${[...RESERVED].join(', ')}`;
    if (name === undefined) return `${root} is read by its members: ${root}.name`;
    const type = this.typeOf(root, name);
    if (typeof type === 'string') return type;
    const index = this.indexOf({ root, name, path: `${root}.${name}`, type });
    return { bound: { kind: test && chain.length === 2 ? 'present' : 'attribute', at, index }, used: 2 };
  }

  variableFault(name: string): string | null {
    return RESERVED.has(name) ? `${name} is what conditions read: give the variable another name` : null;
  }

  private indexOf(attribute: Attribute): number {
    const found = this.attributes.findIndex(({ path }) => path === attribute.path);
    return found >= 0 ? found : this.attributes.push(attribute) - 1;
  }

  private typeOf(root: string, name: string): Type | string {
    if (!isReadable(name)) return `${name} is never read`;
    if (root === 'params') return paramType(this.scope.params, name);
    if (root === 'resource' && OF_ANY_RESOURCE.has(name)) return STRING;
    const declaration = this.scope.declarations.find((one) => isOf(one, { root, name, resourceType: this.scope.resourceType }));
    if (declaration === undefined) return this.undeclared(root, name);
    return parseType(declaration.type) ?? `${root}.${name} is declared with the type ${declaration.type}, which there is not`;
  }

  private undeclared(root: string, name: string): string {
    const { resourceType } = this.scope;
    if (root !== 'resource') return `${root}.${name} is not declared`;
    if (resourceType === null) return `resource.${name} needs a type of resource: without one there are id, type, unit and path`;
    return `resource.${name} is not declared for the type ${resourceType}`;
  }
}

interface Asked {
  readonly root: string;
  readonly name: string;
  readonly resourceType: string | null;
}

function isOf(declaration: AttributeDeclaration, { root, name, resourceType }: Asked): boolean {
  if (declaration.root !== root || declaration.name !== name) return false;
  return root !== 'resource' || (resourceType !== null && declaration.resourceType === resourceType);
}

function paramType(params: Readonly<Record<string, AttributeValue>>, name: string): Type | string {
  if (!Object.hasOwn(params, name)) return `there is no parameter ${name}`;
  return typeOfParam(params[name] as AttributeValue);
}
