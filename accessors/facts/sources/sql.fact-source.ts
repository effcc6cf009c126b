import type { CallContext } from '#utilities/call-context/contract.js';
import type { ForeignDatabase } from '#utilities/database/foreign.contract.js';
import type { FactValue } from '../contract.js';
import type { FactSource, FactSourceQuestion } from '../fact-source.contract.js';
import { type AskedBy, askedValue } from './asked-values.js';

export interface SqlFactSourceDeps {
  readonly name: string;
  readonly database: ForeignDatabase;
  /** One statement; `$1`, `$2` … are what `parameters` name. */
  readonly query: string;
  readonly parameters: readonly AskedBy[];
  /** Column of each path that it can tell. */
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * Facts from a PostgreSQL database of the user's own: one read-only statement about one subject. No row: nothing is known. Several
 * rows: it is not known which one is meant, so that is a failure.
 *
 * SECURITY: values reach the statement as parameters alone, and the transaction is read-only.
 */
export class SqlFactSource implements FactSource {
  readonly name: string;
  private readonly columns: ReadonlyMap<string, string>;

  constructor(private readonly deps: SqlFactSourceDeps) {
    this.name = deps.name;
    this.columns = new Map(Object.entries(deps.columns));
  }

  async read(_context: CallContext, question: FactSourceQuestion, signal: AbortSignal): Promise<ReadonlyMap<string, FactValue>> {
    const values = this.deps.parameters.map((name) => askedValue(question, name));
    // A statement that asks by something that is not known must not be answered for somebody else.
    if (values.includes(undefined)) return new Map();
    const rows = await this.deps.database.select(this.deps.query, values, signal);
    if (rows.length > 1) throw new Error(`fact source ${this.name}: more than one row`);
    const [row] = rows;
    return row === undefined ? new Map() : this.told(question.paths, new Map(Object.entries(row)));
  }

  close(): Promise<void> {
    return this.deps.database.close();
  }

  private told(paths: readonly string[], row: ReadonlyMap<string, unknown>): ReadonlyMap<string, FactValue> {
    const told = new Map<string, FactValue>();
    for (const path of paths) {
      const column = this.columns.get(path);
      if (column === undefined) continue;
      if (!row.has(column)) throw new Error(`fact source ${this.name}: the statement answers no column ${column}`);
      told.set(path, factValue(row.get(column), this.name));
    }
    return told;
  }
}

/** What the driver answers, as JSON has it. @throws Error for what JSON has not */
function factValue(value: unknown, source: string): FactValue {
  if (isScalar(value)) return value;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (Array.isArray(value)) return value.map((item: unknown) => factValue(item, source));
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, factValue(member, source)]));
  }
  throw new Error(`fact source ${source}: a value that is none of JSON's`);
}

function isScalar(value: unknown): value is string | number | boolean | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  return typeof value === 'number' && Number.isFinite(value);
}
