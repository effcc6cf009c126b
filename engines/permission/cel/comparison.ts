/** Equality, order, membership, and what is found at a key. */
import { type Binary, NO_OVERLOAD, unitsOf } from './arithmetic.js';
import { charge, type Frame } from './frame.js';
import { compareMoments } from './moments.js';
import { CelDuration, CelMap, CelTimestamp, CelType, CelUint, type CelValue, Failure, isList, type Outcome } from './values.js';

const NO_KEY = new Failure('no such key');
const NO_INDEX = new Failure('index out of bounds');

/** `holds` is asked with a number below 0, 0, above, or with `NaN`, of which nothing holds. */
export function ordered(holds: (order: number) => boolean): Binary {
  return (frame, a, b) => {
    if (typeof a === 'bigint' && typeof b === 'bigint') return holds(a < b ? -1 : a > b ? 1 : 0);
    const order = orderOf(frame, a, b);
    return order === null ? NO_OVERLOAD : holds(order);
  };
}

/** `null`: they have no order. */
function orderOf(frame: Frame, a: CelValue, b: CelValue): number | null {
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp ? compareMoments(frame, a, b) : null;
  if (a instanceof CelDuration) return b instanceof CelDuration ? compareMoments(frame, a, b) : null;
  if (typeof a === 'string' && typeof b === 'string') {
    charge(frame, unitsOf(Math.min(a.length, b.length)));
    return compareStrings(a, b);
  }
  return orderOfNumbers(numberOf(a), numberOf(b)) ?? orderOfRare(a, b);
}

function orderOfRare(a: CelValue, b: CelValue): number | null {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return typeof a === 'boolean' && typeof b === 'boolean' ? Number(a) - Number(b) : null;
}

/** A double and an int are compared as doubles; the order of int and uint is exact. */
function orderOfNumbers(a: bigint | number | undefined, b: bigint | number | undefined): number | null {
  if (a === undefined || b === undefined) return null;
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [Number(a), Number(b)];
  if (x < y) return -1;
  return x > y ? 1 : x === y ? 0 : Number.NaN;
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
  if (typeof a === 'boolean' || a === null) return a === b;
  if (typeof a === 'object' && !(a instanceof CelUint)) return typeof b === 'object' && b !== null && equalObjects(frame, a, b);
  return equalNumbers(numberOf(a), numberOf(b));
}

/** Across types, and exact. */
function equalNumbers(a: bigint | number | undefined, b: bigint | number | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (typeof a === typeof b) return a === b;
  const [whole, double] = typeof a === 'bigint' ? [a, b as number] : [b as bigint, a];
  return Number.isInteger(double) && BigInt(double) === whole;
}

function equalStrings(frame: Frame, a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  charge(frame, a.length >> 12);
  return a === b;
}

function equalObjects(frame: Frame, a: CelValue & object, b: CelValue & object): boolean {
  if (isList(a)) return isList(b) && equalLists(frame, a, b);
  if (a instanceof CelMap) return b instanceof CelMap && equalMaps(frame, a, b);
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && compareMoments(frame, a, b) === 0;
  if (a instanceof CelDuration) return b instanceof CelDuration && compareMoments(frame, a, b) === 0;
  return equalRare(a, b);
}

function equalRare(a: CelValue, b: CelValue): boolean {
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
  charge(frame, 1 + (container.length >> 5));
  for (const member of container) if (equal(frame, element, member)) return true;
  return false;
};

export const indexed: Binary = (_frame, container, index) => {
  if (container instanceof CelMap) return isKey(index) ? memberOf(container, index) : NO_OVERLOAD;
  if (!isList(container)) return NO_OVERLOAD;
  const at = numberOf(index);
  if (at === undefined || (typeof at === 'number' && !Number.isInteger(at))) return NO_OVERLOAD;
  return at < 0 || at >= container.length ? NO_INDEX : (container[Number(at)] as CelValue);
};

export function memberOf(map: CelMap, key: CelValue): Outcome {
  const member = map.get(key);
  return member === undefined ? NO_KEY : member;
}

/** Doubles are looked up too, since JSON has no other numbers. */
function isKey(value: CelValue): boolean {
  return typeof value !== 'object' || value instanceof CelUint;
}
