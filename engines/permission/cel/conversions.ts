/** Functions that make one type of another. Most of them are for the whole language; conditions have `timestamp` and `duration`. */
import { charge, type Frame } from './frame.js';
import { noteEdge, parseDuration, parseTimestamp, printDuration, printTimestamp, timestampOf } from './moments.js';
import { INT_RANGE, intOf, NO_OVERLOAD, UINT_RANGE, uintOf, unitsOf } from './arithmetic.js';
import { CelDuration, CelTimestamp, CelType, CelUint, type CelValue, Failure, type Outcome, typeName } from './values.js';

type Conversion = (frame: Frame, value: CelValue) => Outcome;

const NO_NUMBER = new Failure('no number');
const NO_BOOL = new Failure('no bool');
const NO_TEXT = new Failure('no UTF-8');
const INT_LIMIT = 2 ** 63;
const UINT_LIMIT = 2 ** 64;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'true', 'TRUE', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'false', 'FALSE', 'False']);

const toInt: Conversion = (frame, value) => {
  switch (typeof value) {
    case 'bigint':
      return value;
    case 'number':
      return value > -INT_LIMIT && value < INT_LIMIT ? BigInt(Math.trunc(value)) : INT_RANGE;
    case 'string':
      return /^[+-]?\d{1,25}$/.test(value) ? intOf(BigInt(value.replace('+', ''))) : NO_NUMBER;
    default:
      return value instanceof CelUint ? intOf(value.value) : secondsOf(frame, value);
  }
};

function secondsOf(frame: Frame, value: CelValue): Outcome {
  if (!(value instanceof CelTimestamp) && !(value instanceof CelDuration)) return NO_OVERLOAD;
  if (value.slope !== 0) noteEdge(frame, 0);
  // A duration is cut off towards 0, a timestamp towards the past.
  const isCut = value instanceof CelDuration && value.seconds < 0 && value.nanos > 0;
  return BigInt(isCut ? value.seconds + 1 : value.seconds);
}

const toUint: Conversion = (_frame, value) => {
  if (value instanceof CelUint) return value;
  if (typeof value === 'bigint') return uintOf(value);
  if (typeof value === 'number') return value > -1 && value < UINT_LIMIT ? uintOf(BigInt(Math.trunc(value))) : UINT_RANGE;
  if (typeof value !== 'string') return NO_OVERLOAD;
  return /^\+?\d{1,25}$/.test(value) ? uintOf(BigInt(value.replace('+', ''))) : NO_NUMBER;
};

const toDouble: Conversion = (_frame, value) => {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof CelUint) return Number(value.value);
  return typeof value === 'string' ? doubleOf(value) : NO_OVERLOAD;
};

function doubleOf(text: string): Outcome {
  const special = new Map([
    ['NaN', Number.NaN],
    ['Inf', Number.POSITIVE_INFINITY],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
  ]).get(text);
  if (special !== undefined) return special;
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : NO_NUMBER;
}

const toText: Conversion = (frame, value) => {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return printDouble(value);
  if (value instanceof CelUint) return value.value.toString();
  return objectToText(frame, value);
};

function objectToText(frame: Frame, value: CelValue): Outcome {
  if (value instanceof CelTimestamp || value instanceof CelDuration) {
    if (value.slope !== 0) noteEdge(frame, 0);
    return value instanceof CelTimestamp ? printTimestamp(value) : printDuration(value);
  }
  if (!(value instanceof Uint8Array)) return NO_OVERLOAD;
  charge(frame, unitsOf(value.length));
  try {
    return decoder.decode(value);
  } catch {
    return NO_TEXT;
  }
}

/** As Go prints it: an exponent has two digits at least. */
function printDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return value.toString().replace(/e([+-])(\d)$/, 'e$10$2');
}

const toBytes: Conversion = (frame, value) => {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string') return NO_OVERLOAD;
  charge(frame, unitsOf(value.length));
  return encoder.encode(value);
};

const toBool: Conversion = (_frame, value) => {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return NO_OVERLOAD;
  return TRUE.has(value) ? true : FALSE.has(value) ? false : NO_BOOL;
};

/** A number is seconds. */
const toTimestamp: Conversion = (frame, value) => {
  charge(frame, 2);
  if (typeof value === 'string') return parseTimestamp(value);
  if (typeof value === 'bigint') return timestampOf(Number(value), 0);
  return value instanceof CelTimestamp ? value : NO_OVERLOAD;
};

const toDuration: Conversion = (frame, value) => {
  charge(frame, 2);
  if (typeof value === 'string') return parseDuration(value);
  return value instanceof CelDuration ? value : NO_OVERLOAD;
};

export const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  int: toInt,
  uint: toUint,
  double: toDouble,
  string: toText,
  bytes: toBytes,
  bool: toBool,
  timestamp: toTimestamp,
  duration: toDuration,
  dyn: (_frame, value) => value,
  type: (_frame, value) => new CelType(typeName(value)),
};
