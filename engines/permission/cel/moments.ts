/** Timestamps and durations: how they are read, written, added, compared, and when a moving one becomes another one. */
import type { Frame } from './frame.js';
import { CelDuration, CelTimestamp, Failure, type Outcome } from './values.js';

type Moment = CelTimestamp | CelDuration;

const NANOS = 1_000_000_000;
/** 0001-01-01T00:00:00Z and the last second of the year 9999. */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;
/** What fits into 64 bits of nanoseconds: about 292 years. */
const LONGEST_SECONDS = 9_223_372_036;
const LONGEST_NANOS = 854_775_807;
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['h', 3_600_000_000_000n],
  ['m', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['ns', 1n],
]);
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DURATION = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;
const DURATION_PART = /(\d*)(?:\.(\d*))?(ns|us|µs|ms|s|m|h)/g;
const MOST_CHARACTERS = 64;

const TIMESTAMP_RANGE = new Failure('timestamp out of range');
const DURATION_RANGE = new Failure('duration out of range');
const NO_TIMESTAMP = new Failure('no timestamp of RFC 3339');
const NO_DURATION = new Failure('no duration');

export function timestampOf(seconds: number, nanos: number, slope = 0): CelTimestamp | Failure {
  const carried = carry(seconds, nanos);
  if (carried.seconds < FIRST_SECOND || carried.seconds > LAST_SECOND) return TIMESTAMP_RANGE;
  return new CelTimestamp(carried.seconds, carried.nanos, slope);
}

export function timestampOfMillis(millis: number, slope = 0): CelTimestamp {
  const seconds = Math.floor(millis / 1000);
  return new CelTimestamp(seconds, (millis - seconds * 1000) * 1_000_000, slope);
}

export function durationOf(seconds: number, nanos: number, slope = 0): CelDuration | Failure {
  const carried = carry(seconds, nanos);
  if (isTooLong(carried.seconds, carried.nanos)) return DURATION_RANGE;
  return new CelDuration(carried.seconds, carried.nanos, slope);
}

function isTooLong(seconds: number, nanos: number): boolean {
  if (seconds === LONGEST_SECONDS) return nanos > LONGEST_NANOS;
  if (seconds === -LONGEST_SECONDS - 1) return nanos < NANOS - LONGEST_NANOS - 1;
  return seconds > LONGEST_SECONDS || seconds < -LONGEST_SECONDS - 1;
}

function carry(seconds: number, nanos: number): { readonly seconds: number; readonly nanos: number } {
  const over = Math.floor(nanos / NANOS);
  return { seconds: seconds + over, nanos: nanos - over * NANOS };
}

export function parseTimestamp(text: string): CelTimestamp | Failure {
  const parts = text.length <= MOST_CHARACTERS ? TIMESTAMP.exec(text) : null;
  if (parts === null) return NO_TIMESTAMP;
  const local = secondsOf(parts.slice(1, 7).map(Number));
  const offset = offsetOf(parts.slice(8));
  if (local === null || offset === null) return NO_TIMESTAMP;
  return timestampOf(local - offset, Number((parts[7] ?? '').padEnd(9, '0')));
}

/** `null`: there is no such day, or no such time of the day. */
function secondsOf(parts: readonly number[]): number | null {
  const [year, month, day, hour, minute, second] = parts as readonly [number, number, number, number, number, number];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.getTime() / 1000 : null;
}

function offsetOf([sign, hours = '0', minutes = '0']: readonly (string | undefined)[]): number | null {
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  return (Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1 : 1);
}

export function parseDuration(text: string): CelDuration | Failure {
  if (/^[+-]?0$/.test(text)) return new CelDuration(0, 0);
  const sign = text.length <= MOST_CHARACTERS ? DURATION.exec(text)?.[1] : undefined;
  if (sign === undefined) return NO_DURATION;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(DURATION_PART)) nanos += nanosOf(unit, whole, fraction);
  return durationOfNanos(sign === '-' ? -nanos : nanos);
}

function nanosOf(unit: string, whole: string, fraction: string): bigint {
  const size = UNITS.get(unit) ?? 0n;
  return BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
}

function durationOfNanos(nanos: bigint): CelDuration | Failure {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (nanos - rest) / 1_000_000_000n;
  return durationOf(Number(seconds), Number(rest));
}

export function printTimestamp({ seconds, nanos }: CelTimestamp): string {
  const [date = ''] = new Date(seconds * 1000).toISOString().split('.');
  return `${date}${fractionOf(nanos)}Z`;
}

export function printDuration({ seconds, nanos }: CelDuration): string {
  if (seconds >= 0 || nanos === 0) return `${seconds}${fractionOf(nanos)}s`;
  const whole = -seconds - 1;
  return `-${whole}${fractionOf(NANOS - nanos)}s`;
}

function fractionOf(nanos: number): string {
  return nanos === 0 ? '' : `.${nanos.toString().padStart(9, '0').replace(/0+$/, '')}`;
}

/** Which kind the sum or difference is, of two moments that may be added. `factor` is 1 or -1. */
export function addMoments(frame: Frame, a: Moment, b: { readonly moment: Moment; readonly factor: 1 | -1 }): Outcome {
  const { moment, factor } = b;
  const seconds = a.seconds + factor * moment.seconds;
  const nanos = a.nanos + factor * moment.nanos;
  const slope = a.slope + factor * moment.slope;
  const isTimestamp = a instanceof CelTimestamp !== moment instanceof CelTimestamp;
  if (slope !== 0)
    noteRange(frame, { seconds, slope }, isTimestamp ? [FIRST_SECOND, LAST_SECOND] : [-LONGEST_SECONDS, LONGEST_SECONDS]);
  return isTimestamp ? timestampOf(seconds, nanos, slope) : durationOf(seconds, nanos, slope);
}

/** A moving sum leaves its range some day, and one that is outside may come into it. */
function noteRange(
  frame: Frame,
  sum: { readonly seconds: number; readonly slope: number },
  range: readonly [number, number],
): void {
  for (const bound of range) {
    const distance = (bound - sum.seconds) / sum.slope;
    // A second early, since the nanoseconds are left out; from there on every millisecond counts.
    if (distance > -2) noteEdge(frame, Math.max(0, (distance - 1) * 1000));
  }
}

/** Below 0, 0 or above. Notes when two that do not move alike will be in another order. */
export function compareMoments(frame: Frame, a: Moment, b: Moment): number {
  const seconds = a.seconds - b.seconds;
  const order = seconds === 0 ? a.nanos - b.nanos : seconds;
  const slope = a.slope - b.slope;
  if (slope !== 0) {
    const millis = (seconds * 1000 + (a.nanos - b.nanos) / 1_000_000) / slope;
    if (millis <= 0) noteEdge(frame, -millis);
  }
  return order;
}

/** The evaluation may go another way so many milliseconds from now; one millisecond at the least. */
export function noteEdge(frame: Frame, millis: number): void {
  const now = frame.now.seconds * 1000 + Math.floor(frame.now.nanos / 1_000_000);
  const edge = now + Math.max(1, Math.ceil(millis));
  if (edge < frame.edge) frame.edge = edge;
}
