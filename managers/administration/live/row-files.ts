import { parse } from 'csv-parse/sync';
import type { LiveKind } from '#accessors/facts/live-data.contract.js';
import { columnsOf, type Written } from './live-form.js';

/** One row of a file, and where it stands there. */
export interface FileRow {
  /** Line of a CSV file, or number of the item in a JSON list, from 1. */
  readonly line: number;
  readonly written: unknown;
}

export type RowReading =
  { readonly ok: true; readonly rows: readonly FileRow[] } | { readonly ok: false; readonly fault: string };

const MOST_ROWS = 1_000_000;
/** Columns that hold a value as JSON; lists may be written with `|` between their items too. */
const AS_JSON: ReadonlySet<string> = new Set(['attributes', 'identities', 'condition', 'resource', 'enabled', 'rolloutPercent']);
const AS_LIST: ReadonlySet<string> = new Set(['parents', 'permissions', 'boundary']);
const OF_WINDOW = ['valid.from', 'valid.until'] as const;

/** The rows of a file as they were written, unread so far. */
export function rowsIn(kind: LiveKind, { format, text }: { readonly format: 'csv' | 'json'; readonly text: string }): RowReading {
  const reading = format === 'json' ? jsonRows(text) : csvRows(kind, text);
  if (reading.ok && reading.rows.length > MOST_ROWS) return { ok: false, fault: `more than ${String(MOST_ROWS)} rows` };
  return reading;
}

function jsonRows(text: string): RowReading {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { ok: false, fault: `not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}` };
  }
  if (!Array.isArray(document)) return { ok: false, fault: 'expected a list of rows' };
  return { ok: true, rows: document.map((written: unknown, index) => ({ line: index + 1, written })) };
}

function csvRows(kind: LiveKind, text: string): RowReading {
  let records: readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
  try {
    records = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as typeof records;
  } catch (error) {
    return { ok: false, fault: `not CSV: ${error instanceof Error ? error.message : 'it cannot be read'}` };
  }
  const [head, ...body] = records;
  if (head === undefined) return { ok: false, fault: 'expected a line with the names of the columns' };
  const columns = head.record.map((name) => name.trim());
  const known = new Set([...columnsOf(kind).filter((name) => name !== 'valid'), ...(hasWindow(kind) ? OF_WINDOW : [])]);
  const unknown = columns.filter((name) => !known.has(name));
  const expected = [...known].join(', ');
  if (unknown.length > 0) return { ok: false, fault: `unknown column ${unknown.join(', ')}; there are ${expected}` };
  if (new Set(columns).size < columns.length) return { ok: false, fault: 'a column twice' };
  return { ok: true, rows: body.map(({ record, info }) => ({ line: info.lines, written: rowOf(columns, record) })) };
}

function hasWindow(kind: LiveKind): boolean {
  return columnsOf(kind).includes('valid');
}

/** An empty cell says nothing, which is the default. What cannot be read stays text, so that the form says what it expects. */
function rowOf(columns: readonly string[], cells: readonly string[]): Written {
  if (cells.length !== columns.length) return { [`${String(cells.length)} cells`]: `expected ${String(columns.length)}` };
  const members = columns.map((name, index) => [name, cells[index] ?? ''] as const).filter(([, cell]) => cell !== '');
  const plain = members
    .filter(([name]) => !name.startsWith('valid.'))
    .map(([name, cell]) => [name, valueOf(name, cell)] as const);
  const valid = members.filter(([name]) => name.startsWith('valid.')).map(([name, cell]) => [name.slice(6), cell] as const);
  return Object.fromEntries(valid.length === 0 ? plain : [...plain, ['valid', Object.fromEntries(valid)]]);
}

function valueOf(name: string, cell: string): unknown {
  if (AS_LIST.has(name) && !cell.startsWith('[')) return cell.split('|').map((item) => item.trim());
  if (!AS_JSON.has(name) && !AS_LIST.has(name)) return cell;
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}
