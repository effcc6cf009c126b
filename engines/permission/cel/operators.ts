/** Operators on values. Operands that are no values never get here. */
import { charge, type Frame } from './frame.js';
import { addMoments, compareMoments } from './moments.js';
import { CelDuration, CelMap, CelTimestamp, CelType, CelUint, type CelValue, Failure, isList, type Outcome } from './values.js';

export type Binary = (frame: Frame, a: CelValue, b: CelValue) => Outcome;

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

export const NO_OVERLOAD = new Failure('no such overload');
export const INT_RANGE = new Failure('int overflow');
export const UINT_RANGE = new Failure('uint overflow');
const DIVISION_BY_ZERO = new Failure('division by zero');
export const NO_KEY = new Failure('no such key');
const NO_INDEX = new Failure('index out of bounds');

export function intOf(value: bigint): bigint | Failure {
  return value < INT_MIN || value > INT_MAX ? INT_RANGE : value;
}

export function uintOf(value: bigint): CelUint | Failure {
  return value < 0n || value > UINT_MAX ? UINT_RANGE : new CelUint(value);
}

/** Units for walking so many characters or bytes. */
export function unitsOf(length: number): number {
  return length >> 6;
}

function isMoment(value: CelValue): value is CelTimestamp | CelDuration {
  return value instanceof CelTimestamp || value instanceof CelDuration;
}

export const add: Binary = (frame, a, b) => {
  if (typeof a === 'bigint' && typeof b === 'bigint') return intOf(a + b);
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string' && typeof b === 'string') {
    charge(frame, unitsOf(a.length + b.length));
    return a + b;
  }
  return addObjects(frame, a, b);
};

function addObjects(frame: Frame, a: CelValue, b: CelValue): Outcome {
  if (isList(a) && isList(b)) {
    charge(frame, a.length + b.length);
    return [...a, ...b];
  }
  if (a instanceof CelUint && b instanceof CelUint) return uintOf(a.value + b.value);
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    charge(frame, unitsOf(a.length + b.length));
    return Uint8Array.of(...a, ...b);
  }
  const isMomentSum = isMoment(a) && isMoment(b) && !(a instanceof CelTimestamp && b instanceof CelTimestamp);
  return isMomentSum ? addMoments(frame, a, { moment: b, factor: 1 }) : NO_OVERLOAD;
}

export const subtract: Binary = (frame, a, b) => {
  if (typeof a === 'bigint' && typeof b === 'bigint') return intOf(a - b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a instanceof CelUint && b instanceof CelUint) return uintOf(a.value - b.value);
  if (!isMoment(a) || !isMoment(b) || (a instanceof CelDuration && b instanceof CelTimestamp)) return NO_OVERLOAD;
  return addMoments(frame, a, { moment: b, factor: -1 });
};

export const multiply: Binary = (_frame, a, b) => {
  if (typeof a === 'bigint' && typeof b === 'bigint') return intOf(a * b);
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  return a instanceof CelUint && b instanceof CelUint ? uintOf(a.value * b.value) : NO_OVERLOAD;
};

export const divide: Binary = (_frame, a, b) => {
  if (typeof a === 'bigint' && typeof b === 'bigint') return b === 0n ? DIVISION_BY_ZERO : intOf(a / b);
  if (typeof a === 'number' && typeof b === 'number') return a / b;
  if (!(a instanceof CelUint) || !(b instanceof CelUint)) return NO_OVERLOAD;
  return b.value === 0n ? DIVISION_BY_ZERO : uintOf(a.value / b.value);
};

export const remainder: Binary = (_frame, a, b) => {
  if (typeof a === 'bigint' && typeof b === 'bigint') return b === 0n ? DIVISION_BY_ZERO : a % b;
  if (!(a instanceof CelUint) || !(b instanceof CelUint)) return NO_OVERLOAD;
  return b.value === 0n ? DIVISION_BY_ZERO : uintOf(a.value % b.value);
};

/** Below 0, 0, above; `NaN`: neither; `null`: they have no order. */
export function orderOf(frame: Frame, a: CelValue, b: CelValue): number | null {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : x == y ? 0 : Number.NaN;
  if (typeof a === 'string' && typeof b === 'string') {
    charge(frame, unitsOf(Math.min(a.length, b.length)));
    return compareStrings(a, b);
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof CelTimestamp && b instanceof CelTimestamp) return compareMoments(frame, a, b);
  if (a instanceof CelDuration && b instanceof CelDuration) return compareMoments(frame, a, b);
  return a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) : null;
}

function numberOf(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof CelUint ? value.value : undefined;
}

/** By code points: UTF-16 would put surrogates before the last of the plane that they come after. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === end) return a.length - b.length;
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

export function equal(frame: Frame, a: CelValue, b: CelValue): boolean {
  if (typeof a === 'string') return typeof b === 'string' && equalStrings(frame, a, b);
  if (typeof a !== 'object' && typeof a === typeof b) return a === b;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x == y;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  return equalObjects(frame, a, b);
}

function equalStrings(frame: Frame, a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  charge(frame, a.length >> 10);
  return a === b;
}

function equalObjects(frame: Frame, a: CelValue & object, b: CelValue & object): boolean {
  if (isList(a)) return isList(b) && equalLists(frame, a, b);
  if (a instanceof CelMap) return b instanceof CelMap && equalMaps(frame, a, b);
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && compareMoments(frame, a, b) === 0;
  if (a instanceof CelDuration) return b instanceof CelDuration && compareMoments(frame, a, b) === 0;
  if (a instanceof CelType) return b instanceof CelType && a.name === b.name;
  return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
}

function equalLists(frame: Frame, a: readonly CelValue[], b: readonly CelValue[]): boolean {
  if (a.length !== b.length) return false;
  charge(frame, a.length);
  return a.every((element, index) => equal(frame, element, b[index] as CelValue));
}

function equalMaps(frame: Frame, a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false;
  charge(frame, a.size);
  for (const { key, value } of a.pairs()) {
    const other = b.get(key);
    if (other === undefined || !equal(frame, value, other)) return false;
  }
  return true;
}

export const isIn: Binary = (frame, element, container) => {
  if (container instanceof CelMap) return container.get(element) !== undefined;
  if (!isList(container)) return NO_OVERLOAD;
  charge(frame, 1 + (container.length >> 4));
  for (const member of container) if (equal(frame, element, member)) return true;
  return false;
};

export const indexed: Binary = (_frame, container, index) => {
  if (container instanceof CelMap) {
    return isKey(index) ? (container.get(index) ?? NO_KEY) : NO_OVERLOAD;
  }
  if (!isList(container)) return NO_OVERLOAD;
  const at = numberOf(index);
  if (at === undefined || (typeof at === 'number' && !Number.isInteger(at))) return NO_OVERLOAD;
  return at < 0 || at >= container.length ? NO_INDEX : (container[Number(at)] as CelValue);
};

/** Doubles are looked up too, since JSON has no other numbers. */
function isKey(value: CelValue): boolean {
  return typeof value !== 'object' || value instanceof CelUint;
}
