/** Attributes as JSON has them, as CEL values of their declared types, within the limits of what a condition is handed. */
import type { AttributeValue } from '#accessors/policy/contract.js';
import { charge, type Frame } from './frame.js';
import { parseDuration, parseTimestamp, durationOf, timestampOf } from './moments.js';
import { CelMap, type CelValue, Failure, isStop, type Outcome } from './values.js';
import { BOOL, commonType, DOUBLE, DYN, INT, NULL, STRING, type Type } from './condition-types.js';

/** Of all attributes that one evaluation reads, as characters and members. */
export const MOST_READ = 16_384;
export const MOST_CHARACTERS = 4_096;
export const MOST_MEMBERS = 256;
const MOST_DEPTH = 8;

/** SECURITY: members of these names are how inheritance is reached; nobody needs them, so they are never read, own or not. */
const NEVER_READ: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const TOO_MUCH = new Failure(`attributes of more than ${MOST_READ} characters and members`);
const TOO_LONG = new Failure(`an attribute of more than ${MOST_CHARACTERS} characters`);
const TOO_MANY = new Failure(`an attribute of more than ${MOST_MEMBERS} members`);
const TOO_DEEP = new Failure(`an attribute nested deeper than ${MOST_DEPTH}`);
/** JSON's null: it is known that there is no value, so that `has` is false and reading it fails. */
export const NO_VALUE = new Failure('an attribute has no value');
const OTHER_TYPE = new Failure('an attribute is not of its declared type');

export function isReadable(name: string): boolean {
  return !NEVER_READ.has(name);
}

/** Own members only. */
export function ownMember(values: Readonly<Record<string, AttributeValue>>, name: string): AttributeValue | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** The type that a parameter has: whole numbers are ints, unless others beside them are not. */
export function typeOfParam(value: AttributeValue, depth = 0): Type {
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'string':
      return STRING;
    case 'number':
      return Number.isInteger(value) ? INT : DOUBLE;
    default:
      return value === null ? NULL : typeOfMembers(value, depth);
  }
}

function typeOfMembers(value: AttributeValue & object, depth: number): Type {
  if (depth >= MOST_DEPTH) return DYN;
  const members: readonly AttributeValue[] = Array.isArray(value) ? (value as readonly AttributeValue[]) : Object.values(value);
  const types = members.map((member) => typeOfParam(member, depth + 1));
  const hasDouble = types.includes(DOUBLE) && types.every((type) => type === INT || type === DOUBLE);
  const common = hasDouble ? DOUBLE : commonType(types);
  return Array.isArray(value) ? { kind: 'list', element: common } : { kind: 'map', value: common };
}

/** What `value` is, read as `type`. Charged by its size. */
export function readAttribute(frame: Frame, value: AttributeValue, type: Type): Outcome {
  if (typeof value === 'string' && type.kind === 'string') return readString(frame, value);
  return readValue(frame, value, { type, depth: 0 });
}

interface Wanted {
  readonly type: Type;
  readonly depth: number;
}

function readValue(frame: Frame, value: AttributeValue, { type, depth }: Wanted): Outcome {
  if ((frame.read += 1) > MOST_READ) return TOO_MUCH;
  if (depth > MOST_DEPTH) return TOO_DEEP;
  const wanted = type.kind === 'dyn' ? typeOfParam(value, depth) : type;
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value)
      ? readList(frame, value as readonly AttributeValue[], { type: wanted, depth })
      : readMap(frame, value as Readonly<Record<string, AttributeValue>>, { type: wanted, depth });
  }
  return readPlain(frame, value, wanted);
}

type Plain = string | number | boolean | null;

const PLAIN_READERS = new Map<Type['kind'], (frame: Frame, value: Plain) => Outcome>([
  ['string', (frame, value) => (typeof value === 'string' ? readString(frame, value) : OTHER_TYPE)],
  ['bool', (_frame, value) => (typeof value === 'boolean' ? value : OTHER_TYPE)],
  ['int', (_frame, value) => (typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : OTHER_TYPE)],
  ['double', (_frame, value) => (typeof value === 'number' && Number.isFinite(value) ? value : OTHER_TYPE)],
  ['null', (_frame, value) => (value === null ? null : OTHER_TYPE)],
  ['timestamp', (_frame, value) => readTime(value, { text: parseTimestamp, seconds: timestampOf })],
  ['duration', (_frame, value) => readTime(value, { text: parseDuration, seconds: durationOf })],
]);

function readPlain(frame: Frame, value: Plain, type: Type): Outcome {
  const read = PLAIN_READERS.get(type.kind);
  return read === undefined ? OTHER_TYPE : read(frame, value);
}

interface TimeReaders {
  readonly text: (text: string) => Outcome;
  readonly seconds: (seconds: number, nanos: number) => Outcome;
}

/** RFC 3339 or `1h30m` as text, seconds as a number: what OpenID Connect has in `auth_time`. */
function readTime(value: Plain, readers: TimeReaders): Outcome {
  if (typeof value === 'string') return readers.text(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return OTHER_TYPE;
  const seconds = Math.floor(value);
  return readers.seconds(seconds, Math.round((value - seconds) * 1000) * 1_000_000);
}

function readString(frame: Frame, value: string): Outcome {
  if (value.length > MOST_CHARACTERS) return TOO_LONG;
  return (frame.read += value.length) > MOST_READ ? TOO_MUCH : value;
}

function readList(frame: Frame, values: readonly AttributeValue[], { type, depth }: Wanted): Outcome {
  if (type.kind !== 'list') return OTHER_TYPE;
  if (values.length > MOST_MEMBERS) return TOO_MANY;
  charge(frame, values.length >> 4);
  const wanted: Wanted = { type: type.element, depth: depth + 1 };
  const read: CelValue[] = [];
  for (const value of values) {
    const element = readValue(frame, value, wanted);
    if (isStop(element)) return element;
    read.push(element);
  }
  return read;
}

function readMap(frame: Frame, values: Readonly<Record<string, AttributeValue>>, { type, depth }: Wanted): Outcome {
  if (type.kind !== 'map') return OTHER_TYPE;
  const names = Object.keys(values);
  if (names.length > MOST_MEMBERS) return TOO_MANY;
  charge(frame, names.length >> 2);
  const wanted: Wanted = { type: type.value, depth: depth + 1 };
  const map = new CelMap();
  for (const name of names) {
    const read = isReadable(name) ? readMember(frame, { name, value: values[name] as AttributeValue }, wanted) : undefined;
    if (read === undefined) continue;
    if (isStop(read)) return read;
    map.add(name, read);
  }
  return map;
}

function readMember(
  frame: Frame,
  { name, value }: { readonly name: string; readonly value: AttributeValue },
  wanted: Wanted,
): Outcome {
  const key = readString(frame, name);
  return isStop(key) ? key : readValue(frame, value, wanted);
}
