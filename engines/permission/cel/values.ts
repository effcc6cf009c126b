/**
 * CEL values as they are computed with: `bigint` is int, `number` double, an array a list. What is no value, an error or something that
 * is not known, is a `Stop`; operations hand it on, and logic absorbs it.
 */
export type CelValue =
  | boolean
  | bigint
  | number
  | string
  | null
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelType
  | CelMap
  | Uint8Array
  | readonly CelValue[];

export type Outcome = CelValue | Stop;

/** What keeps an expression from having a value. */
export abstract class Stop {
  readonly isStop = true;
}

export class Failure extends Stop {
  constructor(readonly message: string) {
    super();
  }
}

/** Depends on attributes that are not known. */
export class Unknown extends Stop {
  constructor(readonly paths: readonly string[]) {
    super();
  }
}

export class CelUint {
  constructor(readonly value: bigint) {}
}

/** A type as a value: `type(1)`, `int`. */
export class CelType {
  constructor(readonly name: string) {}
}

/**
 * Seconds and nanoseconds (0 to 999,999,999) since 1970. `slope`: how many seconds it moves on in a second, so that whoever
 * compares it can say when the result will change; 0 is a fixed moment, 1 is `now`.
 */
export class CelTimestamp {
  constructor(
    readonly seconds: number,
    readonly nanos: number,
    readonly slope = 0,
  ) {}
}

/** Seconds and nanoseconds (0 to 999,999,999, so that -0.5 s is -1 and 500,000,000). `slope` as in `CelTimestamp`. */
export class CelDuration {
  constructor(
    readonly seconds: number,
    readonly nanos: number,
    readonly slope = 0,
  ) {}
}

type PlainKey = string | boolean | bigint;

/** Keys are strings, booleans and whole numbers; 1, 1u and 1.0 are one key. Never an object of JavaScript with its inheritance. */
export class CelMap {
  private readonly entries = new Map<PlainKey, { readonly key: CelValue; readonly value: CelValue }>();

  get size(): number {
    return this.entries.size;
  }

  /** `false`: the key was there before. */
  add(key: CelValue, value: CelValue): boolean {
    const plain = plainKey(key);
    if (plain === undefined || this.entries.has(plain)) return false;
    this.entries.set(plain, { key, value });
    return true;
  }

  get(key: CelValue): CelValue | undefined {
    const plain = plainKey(key);
    return plain === undefined ? undefined : this.entries.get(plain)?.value;
  }

  keys(): readonly CelValue[] {
    return [...this.entries.values()].map(({ key }) => key);
  }

  pairs(): Iterable<{ readonly key: CelValue; readonly value: CelValue }> {
    return this.entries.values();
  }
}

function plainKey(key: CelValue): PlainKey | undefined {
  if (typeof key === 'string' || typeof key === 'boolean' || typeof key === 'bigint') return key;
  if (key instanceof CelUint) return key.value;
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key);
  return undefined;
}

/** Narrower than `Array.isArray`, which forgets that the list is readonly. */
export function isList(value: Outcome): value is readonly CelValue[] {
  return Array.isArray(value);
}

export function isStop(value: Outcome): value is Stop {
  return typeof value === 'object' && value instanceof Stop;
}

/** Of two operands at least one of which is no value: a failure fails whatever the other one will be. */
export function stopOf(a: Outcome, b: Outcome): Stop {
  if (a instanceof Failure) return a;
  if (b instanceof Failure) return b;
  if (a instanceof Unknown) return b instanceof Unknown ? unknownOfBoth(a, b) : a;
  return b instanceof Unknown ? b : new Failure('no value');
}

export function unknownOfBoth(a: Unknown, b: Unknown): Unknown {
  if (a === b || b.paths.every((path) => a.paths.includes(path))) return a;
  return new Unknown([...new Set([...a.paths, ...b.paths])]);
}

/** The name of the type, as `type()` answers it. */
export function typeName(value: CelValue): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    default:
      return objectTypeName(value);
  }
}

function objectTypeName(value: object | null): string {
  if (value === null) return 'null_type';
  if (Array.isArray(value)) return 'list';
  if (value instanceof CelMap) return 'map';
  if (value instanceof CelTimestamp) return 'google.protobuf.Timestamp';
  if (value instanceof CelDuration) return 'google.protobuf.Duration';
  if (value instanceof CelUint) return 'uint';
  return value instanceof Uint8Array ? 'bytes' : 'type';
}
