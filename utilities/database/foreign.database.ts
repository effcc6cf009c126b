import pg from 'pg';
import type { ForeignDatabase } from './foreign.contract.js';

export interface ForeignDatabaseOptions {
  readonly url: string;
  /** Most connections that one process keeps. */
  readonly poolSize: number;
  /** The server ends what takes longer, also when nobody waits for it any more. */
  readonly statementMilliseconds: number;
}

const MOST_ROWS = 1000;
const CONNECT_MS = 5_000;

/** As numbers where that is exact, which is what conditions compare. */
function wholeNumber(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

const TYPES: pg.CustomTypesConfig = {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-return -- the driver's own table of parsers is untyped
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? wholeNumber : pg.types.getTypeParser(oid, format)),
};

/** Opens nothing before it is asked. */
export function foreignDatabase(options: ForeignDatabaseOptions): ForeignDatabase {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: options.statementMilliseconds,
    query_timeout: options.statementMilliseconds,
    application_name: 'countersign',
    types: TYPES,
  });
  // An idle connection that breaks is replaced when it is needed; without a listener it would end the process.
  pool.on('error', () => undefined);
  return {
    select: (sql, parameters, signal) => select(pool, { sql, parameters, signal }),
    close: () => pool.end(),
  };
}

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly signal: AbortSignal;
}

/** Whoever gives up goes at once. The statement ends by itself, at the server's limit at the latest, and frees its connection. */
async function select(pool: pg.Pool, statement: Statement): Promise<readonly Record<string, unknown>[]> {
  statement.signal.throwIfAborted();
  const asked = run(pool, statement);
  let stop = (): void => undefined;
  const givenUp = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(new Error('given up'));
    };
    statement.signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([asked, givenUp]);
  } finally {
    statement.signal.removeEventListener('abort', stop);
    asked.catch(() => undefined);
  }
}

async function run(pool: pg.Pool, { sql, parameters, signal }: Statement): Promise<readonly Record<string, unknown>[]> {
  const client = await pool.connect();
  let whole = false;
  try {
    signal.throwIfAborted();
    await client.query('begin transaction read only');
    const { rows } = await client.query<Record<string, unknown>>(sql, [...parameters]);
    await client.query('commit');
    whole = true;
    if (rows.length > MOST_ROWS) throw new Error('too many rows');
    return rows;
  } finally {
    // A connection in the middle of a transaction is not used again.
    client.release(!whole);
  }
}
