/** Functions by name. A method's target is its first argument. */
import { RE2JS } from '@bufbuild/re2';
import { CONVERSIONS } from './conversions.js';
import { charge, type Code, type Frame } from './frame.js';
import { isWithin, type Network, parseAddress, parseNetwork } from './network.js';
import { NO_OVERLOAD, unitsOf } from './arithmetic.js';
import { parseDuration, parseTimestamp } from './moments.js';
import { isTimeField, timeField, timeFieldIn } from './time-fields.js';
import { CelMap, type CelValue, Failure, isList, isStop, type Outcome, stopOf } from './values.js';

/** An argument: what computes it, and its value where it is written in the text. */
export interface Argument {
  readonly code: Code;
  readonly literal: CelValue | undefined;
}

/** Makes the code of a call; a text: why it cannot be. */
export type Builder = (name: string, args: readonly Argument[]) => Code | string;

const MOST_PATTERN = 256;
/** Of a regular expression: what each character of the text may cost. */
const MOST_INSTRUCTIONS = 1_000;
const MOST_STATES = 100;
const NO_ADDRESS = new Failure('no IP address');
const NO_NETWORK = new Failure('no network such as 10.0.0.0/8');
const NO_PATTERN = new Failure('no regular expression');

export function unary(operand: Argument, run: (frame: Frame, value: CelValue) => Outcome): Code {
  const { code } = operand;
  return (frame) => {
    charge(frame, 1);
    const value = code(frame);
    return isStop(value) ? value : run(frame, value);
  };
}

export function binary(
  [left, right]: readonly [Argument, Argument],
  run: (frame: Frame, a: CelValue, b: CelValue) => Outcome,
): Code {
  const [first, second] = [left.code, right.code];
  return (frame) => {
    charge(frame, 1);
    const a = first(frame);
    const b = second(frame);
    if (isStop(a) || isStop(b)) return stopOf(a, b);
    return run(frame, a, b);
  };
}

function one(run: (frame: Frame, value: CelValue) => Outcome): Builder {
  return (_name, [operand]) => unary(operand as Argument, run);
}

function two(run: (frame: Frame, a: CelValue, b: CelValue) => Outcome): Builder {
  return (_name, args) => binary(args as readonly [Argument, Argument], run);
}

function texts(run: (text: string, part: string) => boolean): Builder {
  return two((frame, a, b) => {
    if (typeof a !== 'string' || typeof b !== 'string') return NO_OVERLOAD;
    charge(frame, unitsOf(a.length + b.length));
    return run(a, b);
  });
}

/** Looking for a long text in a long one can take as many steps as the product of both has. */
const contains: Builder = two((frame, text, part) => {
  if (typeof text !== 'string' || typeof part !== 'string') return NO_OVERLOAD;
  charge(frame, unitsOf(text.length + part.length) + ((text.length * part.length) >> 11));
  return text.includes(part);
});

const size: Builder = one((frame, value) => {
  if (typeof value === 'string') return BigInt(codePoints(frame, value));
  if (isList(value) || value instanceof Uint8Array) return BigInt(value.length);
  return value instanceof CelMap ? BigInt(value.size) : NO_OVERLOAD;
});

function codePoints(frame: Frame, text: string): number {
  charge(frame, unitsOf(text.length));
  let count = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}

const lowerAscii: Builder = one((frame, value) => {
  if (typeof value !== 'string') return NO_OVERLOAD;
  charge(frame, unitsOf(value.length));
  return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
});

/** A regular expression that takes linear time, and what a character of the text costs; a text: why there is none. */
export function compilePattern(pattern: string): { readonly test: (text: string) => boolean; readonly units: number } | string {
  if (pattern.length > MOST_PATTERN) return `a regular expression may have ${MOST_PATTERN} characters`;
  try {
    const compiled = RE2JS.compile(pattern);
    const instructions = compiled.re2().prog.numInst();
    if (instructions > MOST_INSTRUCTIONS) return 'the regular expression repeats too much';
    // What it remembers of texts that it met before; hostile ones make it remember a lot.
    compiled.re2().dfa.stateLimit = MOST_STATES;
    return { test: (text) => compiled.test(text), units: instructions };
  } catch {
    return 'it is no regular expression of RE2';
  }
}

const matches: Builder = (_name, args) => {
  const [text, pattern] = args as readonly [Argument, Argument];
  if (typeof pattern.literal !== 'string') return two(matchAnew)('matches', args);
  const compiled = compilePattern(pattern.literal);
  if (typeof compiled === 'string') return compiled;
  return unary(text, (frame, value) => {
    if (typeof value !== 'string') return NO_OVERLOAD;
    charge(frame, (value.length * compiled.units) >> 5);
    return compiled.test(value);
  });
};

/** A pattern that is not written in the text: in the whole language alone, never in a condition. */
function matchAnew(frame: Frame, text: CelValue, pattern: CelValue): Outcome {
  if (typeof text !== 'string' || typeof pattern !== 'string') return NO_OVERLOAD;
  charge(frame, 1_000);
  const compiled = compilePattern(pattern);
  if (typeof compiled === 'string') return NO_PATTERN;
  charge(frame, (text.length * compiled.units) >> 5);
  return compiled.test(text);
}

const inCidr: Builder = (_name, args) => {
  const [address, network] = args as readonly [Argument, Argument];
  if (typeof network.literal !== 'string') return two(inAnyCidr)('inCidr', args);
  const parsed = parseNetwork(network.literal);
  if (parsed === null) return NO_NETWORK.message;
  return unary(address, (frame, value) => inNetwork(frame, value, parsed));
};

function inAnyCidr(frame: Frame, address: CelValue, network: CelValue): Outcome {
  if (typeof network !== 'string') return NO_OVERLOAD;
  charge(frame, 3);
  const parsed = parseNetwork(network);
  return parsed === null ? NO_NETWORK : inNetwork(frame, address, parsed);
}

function inNetwork(frame: Frame, value: CelValue, network: Network): Outcome {
  if (typeof value !== 'string') return NO_OVERLOAD;
  charge(frame, 2);
  const address = parseAddress(value);
  return address === null ? NO_ADDRESS : isWithin(address, network);
}

const field: Builder = (name, args) => {
  const [value, zone] = args as readonly [Argument, Argument | undefined];
  const literal = zone?.literal;
  if (zone !== undefined && typeof literal !== 'string')
    return two((frame, of, inZone) => timeFieldIn(frame, name, { value: of, zone: inZone }))(name, args);
  const run = timeField(name, typeof literal === 'string' ? literal : null);
  return run === null ? 'there is no such time zone' : unary(value, run);
};

/** What is written in the text is read once: `timestamp("2026-12-31T23:59:59Z")`. */
const conversion =
  (run: (frame: Frame, value: CelValue) => Outcome): Builder =>
  (name, args) => {
    const [{ literal }] = args as readonly [Argument];
    const read = name === 'timestamp' ? parseTimestamp : parseDuration;
    if (typeof literal !== 'string' || (name !== 'timestamp' && name !== 'duration')) return one(run)(name, args);
    const value = read(literal);
    return value instanceof Failure ? value.message : () => value;
  };

/** By name, form and number of arguments: `size()` of a target is `.size/0`. */
const FUNCTIONS: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ['size/1', size],
  ['.size/0', size],
  ['.contains/1', contains],
  ['.startsWith/1', texts((text, part) => text.startsWith(part))],
  ['.endsWith/1', texts((text, part) => text.endsWith(part))],
  ['.matches/1', matches],
  ['matches/2', matches],
  ['.lowerAscii/0', lowerAscii],
  ['inCidr/2', inCidr],
  ...Object.entries(CONVERSIONS).map(([name, run]): [string, Builder] => [`${name}/1`, conversion(run)]),
]);

/** `undefined`: there is no function of this name, form and number of arguments. */
export function functionOf(name: string, form: { readonly method: boolean; readonly args: number }): Builder | undefined {
  if (form.method && form.args <= 1 && isTimeField(name)) return field;
  return FUNCTIONS.get(`${form.method ? '.' : ''}${name}/${form.args}`);
}
