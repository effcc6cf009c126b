/** `+`, `-`, `*`, `/` and `%` of values. Ints have 64 bits, and what does not fit is a failure. */
import { charge, type Frame } from './frame.js';
import { addMoments } from './moments.js';
import { CelDuration, CelTimestamp, CelUint, type CelValue, Failure, isList, type Outcome } from './values.js';

export type Binary = (frame: Frame, a: CelValue, b: CelValue) => Outcome;

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

export const NO_OVERLOAD = new Failure('no such overload');
export const INT_RANGE = new Failure('int overflow');
export const UINT_RANGE = new Failure('uint overflow');
const DIVISION_BY_ZERO = new Failure('division by zero');

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
  if (typeof a !== 'string' || typeof b !== 'string') return addObjects(frame, a, b);
  charge(frame, unitsOf(a.length + b.length));
  return a + b;
};

function addObjects(frame: Frame, a: CelValue, b: CelValue): Outcome {
  if (isMoment(a) && isMoment(b)) {
    if (a instanceof CelTimestamp && b instanceof CelTimestamp) return NO_OVERLOAD;
    return addMoments(frame, a, { moment: b, factor: 1 });
  }
  return a instanceof CelUint && b instanceof CelUint ? uintOf(a.value + b.value) : joined(frame, a, b);
}

function joined(frame: Frame, a: CelValue, b: CelValue): Outcome {
  if (isList(a) && isList(b)) {
    charge(frame, a.length + b.length);
    return [...a, ...b];
  }
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return NO_OVERLOAD;
  charge(frame, a.length + b.length);
  return Uint8Array.of(...a, ...b);
}

export const subtract: Binary = (frame, a, b) => {
  if (typeof a === 'bigint' && typeof b === 'bigint') return intOf(a - b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a instanceof CelUint && b instanceof CelUint) return uintOf(a.value - b.value);
  return isMoment(a) && isMoment(b) ? subtractMoments(frame, a, b) : NO_OVERLOAD;
};

function subtractMoments(frame: Frame, a: CelTimestamp | CelDuration, b: CelTimestamp | CelDuration): Outcome {
  if (a instanceof CelDuration && b instanceof CelTimestamp) return NO_OVERLOAD;
  return addMoments(frame, a, { moment: b, factor: -1 });
}

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

export function negated(value: CelValue): Outcome {
  if (typeof value === 'bigint') return intOf(-value);
  return typeof value === 'number' ? -value : NO_OVERLOAD;
}
