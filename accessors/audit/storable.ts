/** What the store adds to a record. */
export interface Stamp {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const MAX_TEXT = 1_000;

/** JSON writes these for NUL and for halves of surrogate pairs; PostgreSQL takes neither in a text. */
const REFUSED_BY_DATABASE = /\\u(?:0000|d[89a-f])/;

/**
 * The row as JSON text that PostgreSQL takes.
 *
 * SECURITY: freed of what the database refuses, so that no caller can spoil the commit that the records of others share.
 */
export function storableJson(row: object): string {
  const text = JSON.stringify(row);
  return REFUSED_BY_DATABASE.test(text) ? JSON.stringify(row, acceptableText) : text;
}

/** SECURITY: what callers choose is cut, so that nobody fills the disk with one record. */
export function boundedText(text: string | null): string | null {
  return text === null || text.length <= MAX_TEXT ? text : text.slice(0, MAX_TEXT);
}

function acceptableText(_member: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd').replace(/\p{Cs}/gu, '\ufffd') : value;
}
