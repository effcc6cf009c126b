import { ALWAYS, type TimeWindow } from '#utilities/time-window/contract.js';

const MOMENT = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d{1,3})?([Zz]|[+-]\d{2}:\d{2})$/;
const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** Unix milliseconds of an RFC 3339 time, `null` when it is none: one without an offset would mean another moment elsewhere. */
export function parseMoment(text: string): number | null {
  const match = MOMENT.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  // A day that its month does not have would silently become one of the next month.
  if (day < 1 || month < 1 || month > 12 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  const at = Date.parse(text.toUpperCase());
  return Number.isNaN(at) ? null : at;
}

export function writeMoment(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** Seconds of `8h`, `30m`, `1d`, `45s`; `null` when it is none. */
export function parseDuration(text: string): number | null {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(text);
  const scale = UNITS.find(([unit]) => unit === match?.[2])?.[1];
  return match === null || scale === undefined ? null : Number(match[1]) * scale;
}

export function writeDuration(seconds: number): string {
  const [unit, scale] = UNITS.find(([, size]) => seconds % size === 0) ?? ['s', 1];
  return `${seconds / scale}${unit}`;
}

export function readWindow(
  window: { readonly from?: string | null | undefined; readonly until?: string | null | undefined } | undefined,
): TimeWindow {
  const from = momentOf(window?.from);
  const until = momentOf(window?.until);
  return from === null && until === null ? ALWAYS : { from, until };
}

export function writeWindow({ from, until }: TimeWindow): Readonly<Record<string, string>> | null {
  if (from === null && until === null) return null;
  return { ...(from === null ? {} : { from: writeMoment(from) }), ...(until === null ? {} : { until: writeMoment(until) }) };
}

function momentOf(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : parseMoment(text);
}
