/** Types as they are declared and checked. */
export type Type =
  | { readonly kind: 'bool' | 'int' | 'double' | 'string' | 'null' | 'timestamp' | 'duration' | 'dyn' }
  | { readonly kind: 'list'; readonly element: Type }
  | { readonly kind: 'map'; readonly value: Type };

type Plain = Exclude<Type['kind'], 'list' | 'map'>;

export const BOOL: Type = { kind: 'bool' };
export const INT: Type = { kind: 'int' };
export const DOUBLE: Type = { kind: 'double' };
export const STRING: Type = { kind: 'string' };
export const NULL: Type = { kind: 'null' };
export const TIMESTAMP: Type = { kind: 'timestamp' };
export const DURATION: Type = { kind: 'duration' };
/** Not known before it is there: parts of parameters that are lists of different things. */
export const DYN: Type = { kind: 'dyn' };

const DECLARED: ReadonlyMap<string, Type> = new Map(
  [BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION].map((type) => [type.kind, type]),
);
const MOST_NESTED = 8;
const LIST = /^\s*list\s*<(.*)>\s*$/s;
const MAP = /^\s*map\s*<\s*string\s*,(.*)>\s*$/s;

/** `list<string>`, `map<string, list<int>>`; `null`: no type. */
export function parseType(text: string, depth = 0): Type | null {
  const plain = DECLARED.get(text.trim());
  if (plain !== undefined || depth >= MOST_NESTED) return plain ?? null;
  const list = LIST.exec(text)?.[1];
  if (list === undefined) return mapType(MAP.exec(text)?.[1], depth);
  const element = parseType(list, depth + 1);
  return element === null ? null : { kind: 'list', element };
}

function mapType(text: string | undefined, depth: number): Type | null {
  const value = text === undefined ? null : parseType(text, depth + 1);
  return value === null ? null : { kind: 'map', value };
}

export function printType(type: Type): string {
  if (type.kind === 'list') return `list<${printType(type.element)}>`;
  return type.kind === 'map' ? `map<string, ${printType(type.value)}>` : type.kind;
}

function isSame(a: Type, b: Type): boolean {
  if (a.kind === 'list') return b.kind === 'list' && isSame(a.element, b.element);
  if (a.kind === 'map') return b.kind === 'map' && isSame(a.value, b.value);
  return a.kind === b.kind;
}

/** Whether a value of the one type may turn out to be one of the other. */
export function isCompatible(a: Type, b: Type): boolean {
  if (a.kind === 'dyn' || b.kind === 'dyn') return true;
  if (a.kind === 'list') return b.kind === 'list' && isCompatible(a.element, b.element);
  if (a.kind === 'map') return b.kind === 'map' && isCompatible(a.value, b.value);
  return a.kind === b.kind;
}

export function isOf(type: Type, ...kinds: readonly Plain[]): boolean {
  return type.kind === 'dyn' || (kinds as readonly string[]).includes(type.kind);
}

/** The type that all of them have, else `dyn`. */
export function commonType(types: readonly Type[]): Type {
  const [first = DYN, ...others] = types;
  return others.every((type) => isSame(first, type)) ? first : DYN;
}
