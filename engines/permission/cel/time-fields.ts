/** `getHours` and its kind, of timestamps and durations. */
import { NO_OVERLOAD } from './arithmetic.js';
import { charge, type Frame } from './frame.js';
import { noteEdge } from './moments.js';
import { UTC, type Zone, zoneOf } from './time-zones.js';
import { CelDuration, CelTimestamp, Failure, type Outcome } from './values.js';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** A name that is only told by an attribute may have to be looked up. */
const ZONE_UNITS = 100;
/** Days near to now are known; others may have to be asked about. */
const NEAR_SECONDS = 172_800;
const FAR_UNITS = 40;

interface Field {
  /** Milliseconds after which it may be another one: all that change at midnight have a day. */
  readonly unit: number;
  /** From local time, written as if it were UTC. */
  readonly of: (local: number) => number;
}

const dateField = (of: (date: Date) => number): Field => ({ unit: DAY, of: (local) => of(new Date(local)) });

const FIELDS: ReadonlyMap<string, Field> = new Map([
  ['getFullYear', dateField((date) => date.getUTCFullYear())],
  ['getMonth', dateField((date) => date.getUTCMonth())],
  ['getDate', dateField((date) => date.getUTCDate())],
  ['getDayOfMonth', dateField((date) => date.getUTCDate() - 1)],
  ['getDayOfYear', dateField(dayOfYear)],
  ['getDayOfWeek', { unit: DAY, of: (local) => modulo(Math.floor(local / DAY) + 4, 7) }],
  ['getHours', { unit: HOUR, of: (local) => modulo(Math.floor(local / HOUR), 24) }],
  ['getMinutes', { unit: MINUTE, of: (local) => modulo(Math.floor(local / MINUTE), 60) }],
  ['getSeconds', { unit: SECOND, of: (local) => modulo(Math.floor(local / SECOND), 60) }],
  ['getMilliseconds', { unit: 1, of: (local) => modulo(Math.floor(local), 1000) }],
]);

const DURATION_FIELDS: ReadonlyMap<string, number> = new Map([
  ['getHours', HOUR],
  ['getMinutes', MINUTE],
  ['getSeconds', SECOND],
  ['getMilliseconds', 1],
]);

const NO_ZONE = new Failure('no such time zone');

/** Small numbers that were made before: accessors answer little else. */
const SMALL: readonly bigint[] = Array.from({ length: 366 }, (_, number) => BigInt(number));
const whole = (value: number): bigint => SMALL[value] ?? BigInt(value);

export function isTimeField(name: string): boolean {
  return FIELDS.has(name);
}

/** The accessor for one zone that is known before; `null`: there is no such zone. */
export function timeField(name: string, zoneName: string | null): ((frame: Frame, value: Outcome) => Outcome) | null {
  const zone = zoneName === null ? UTC : zoneOf(zoneName);
  const field = FIELDS.get(name);
  if (zone === null || field === undefined) return null;
  return (frame, value) => {
    if (value instanceof CelTimestamp) return timestampField(frame, value, { field, zone });
    return value instanceof CelDuration && zoneName === null ? durationField(frame, value, name) : NO_OVERLOAD;
  };
}

/** With a zone that only an attribute tells. */
export function timeFieldIn(frame: Frame, name: string, args: { readonly value: Outcome; readonly zone: Outcome }): Outcome {
  if (typeof args.zone !== 'string' || !(args.value instanceof CelTimestamp)) return NO_OVERLOAD;
  charge(frame, ZONE_UNITS);
  return timeField(name, args.zone)?.(frame, args.value) ?? NO_ZONE;
}

function timestampField(
  frame: Frame,
  value: CelTimestamp,
  { field, zone }: { readonly field: Field; readonly zone: Zone },
): bigint {
  if (zone !== UTC && Math.abs(value.seconds - frame.now.seconds) > NEAR_SECONDS) charge(frame, FAR_UNITS);
  const millis = value.seconds * 1000 + Math.floor(value.nanos / 1_000_000);
  const local = millis + zone.offsetAt(millis);
  if (value.slope !== 0) noteFieldEdge(frame, { millis, local, slope: value.slope, unit: field.unit, zone });
  return whole(field.of(local));
}

interface MovingField {
  readonly millis: number;
  readonly local: number;
  readonly slope: number;
  readonly unit: number;
  readonly zone: Zone;
}

/** The next full unit in local time, or the change of the clocks if that is before. */
function noteFieldEdge(frame: Frame, { millis, local, slope, unit, zone }: MovingField): void {
  const into = modulo(local, unit);
  if (slope > 0) {
    const end = millis + unit - into;
    // A millisecond early: the part of a millisecond that was cut off counts too.
    noteEdge(
      frame,
      ((zone.changeWithin(millis, end) ?? end) - millis - (slope === 1 && frame.now.nanos % 1_000_000 === 0 ? 0 : 1)) / slope,
    );
    return;
  }
  const start = millis - into;
  noteEdge(frame, (millis - (zone.changeWithin(start, millis) ?? start)) / -slope);
}

function durationField(frame: Frame, value: CelDuration, name: string): Outcome {
  const unit = DURATION_FIELDS.get(name);
  if (unit === undefined) return NO_OVERLOAD;
  if (value.slope !== 0) noteDurationEdge(frame, value, unit);
  const isBelow = value.seconds < 0 && value.nanos > 0;
  if (unit === 1) return BigInt(Math.trunc((isBelow ? value.nanos - 1_000_000_000 : value.nanos) / 1_000_000));
  return BigInt(Math.trunc(((isBelow ? value.seconds + 1 : value.seconds) * SECOND) / unit));
}

/** The next multiple of the unit on either side. Below 0 it is cut off the other way, so that at a multiple it may change at once. */
function noteDurationEdge(frame: Frame, { seconds, nanos, slope }: CelDuration, unit: number): void {
  const into = modulo(seconds * 1000 + nanos / 1_000_000, unit);
  noteEdge(frame, into === 0 ? 0 : slope > 0 ? (unit - into) / slope : into / -slope);
}

function dayOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  start.setUTCHours(0, 0, 0, 0);
  return Math.floor((date.getTime() - start.getTime()) / DAY);
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
