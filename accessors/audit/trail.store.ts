import { randomBytes } from 'node:crypto';
import type { Database, UnitOfWork } from '#utilities/database/contract.js';
import type { ChainEnd, PartitionReport, RecordPage, RecordQuery } from './audit-trail.contract.js';
import { canonicalParts, type RecordColumns } from './chain/canonical-record.js';
import { erasableDigest } from './chain/record-hash.js';
import { RECORD_COLUMNS } from './record-columns.js';

/** A row with its link, if it has one. */
export interface TrailRow extends RecordColumns {
  readonly chain: string | null;
  readonly sequence: number | null;
  readonly salt: string | null;
  readonly hash: string | null;
  readonly erased: string | null;
}

/** Which column each member of a question is compared with. SECURITY: names of columns come from here alone. */
const COMPARED: Readonly<Record<Exclude<keyof RecordQuery, 'since' | 'until'>, string>> = {
  tenantId: 'r.tenant_id::text',
  outcome: 'r.outcome',
  clientId: 'r.client_id',
  subject: 'r.subject',
  actor: 'r.actor',
  audience: 'r.audience',
  code: 'r.code',
  what: 'r.what',
  tokenId: 'r.token_id',
  kid: 'r.kid',
  diagnosticId: 'r.diagnostic_id::text',
};

/** Only rows about the subject: whoever changed something stays named, since that is what records of changes are for. */
const ABOUT = `
  select ${RECORD_COLUMNS} from audit_record r
  where r.erased is null and (r.subject = $1 or (r.actor = $1 and r.outcome <> 'changed'))
  order by r.at limit $2`;

/**
 * From chain to chain by the index, since one chain may have a hundred million records. What stands in the default partition is not
 * dropped, and so not meant.
 */
const ENDS_BEFORE = `
  with recursive chains (chain) as (
    (select r.chain from audit_record r where r.chain is not null and ${beforeDay('r')} order by r.chain limit 1)
    union all
    select (select r.chain from audit_record r where r.chain > c.chain and ${beforeDay('r')} order by r.chain limit 1)
    from chains c where c.chain is not null
  )
  select c.chain::text as chain, head.sequence::float8 as sequence, encode(head.hash, 'hex') as hash,
    head.id::text as "recordId", round(extract(epoch from head.at) * 1000)::float8 as at
  from chains c, lateral (
    select r.sequence, r.hash, r.id, r.at from audit_record r where r.chain = c.chain and ${beforeDay('r')} order by r.sequence desc limit 1
  ) head`;

const ERASED_AT_ONCE = 1_000;

export class TrailStore {
  constructor(private readonly deps: { readonly database: Database; readonly unitOfWork: UnitOfWork }) {}

  records(query: RecordQuery, page: RecordPage): Promise<TrailRow[]> {
    const { text, values } = statementOf(query, page);
    return this.inWholeTrail(() => this.deps.database.query<TrailRow>(text, values));
  }

  /** One step of an erasure; 0: nothing is left. */
  eraseSome(subject: string): Promise<number> {
    return this.inWholeTrail(async () => {
      const { database } = this.deps;
      const rows = await database.query<TrailRow>(ABOUT, [subject, ERASED_AT_ONCE]);
      if (rows.length === 0) return 0;
      const gone = rows.map((row) => ({ tenant_id: row.tenant_id, id: row.id, at: row.at, digest: digestOf(row) }));
      // Each stays bound to its chain by the digest of what goes.
      await database.query('select audit_erase($1)', [JSON.stringify(gone)]);
      return rows.length;
    });
  }

  async preparePartitions(daysAhead: number): Promise<PartitionReport> {
    const [report] = await this.deps.database.query<PartitionReport>(
      `select made, blocked, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD') as today from audit_prepare_partitions($1)`,
      [daysAhead],
    );
    if (report === undefined) throw new Error('the function always answers a row');
    return report;
  }

  /** By its size: counting would read every partition, and the default one by itself hides the records of tenants. */
  async strayBytes(): Promise<number> {
    const [found] = await this.deps.database.query<{ bytes: number }>(
      `select pg_relation_size('audit_record_rest')::float8 as bytes`,
    );
    return found?.bytes ?? 0;
  }

  endsBefore(day: string): Promise<ChainEnd[]> {
    return this.inWholeTrail(() => this.deps.database.query<ChainEnd>(ENDS_BEFORE, [day]));
  }

  async dropBefore(day: string): Promise<string[]> {
    const rows = await this.deps.database.query<{ name: string }>('select name from audit_drop_partitions($1::date) as name', [
      day,
    ]);
    return rows.map(({ name }) => name);
  }

  private inWholeTrail<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.deps.unitOfWork.run(async () => {
      await this.deps.database.query('select enter_audit()');
      return work();
    });
  }
}

function beforeDay(table: string): string {
  return `${table}.at < ($1::date)::timestamp at time zone 'UTC' and ${table}.tableoid <> 'audit_record_rest'::regclass`;
}

/** A record from before chains had no salt; a digest that nobody can try values against takes its place. */
function digestOf(row: TrailRow): string {
  const { salt } = row;
  return salt === null ? randomBytes(32).toString('hex') : erasableDigest(salt, canonicalParts(row).erasable);
}

function statementOf(query: RecordQuery, page: RecordPage): { readonly text: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${String(values.push(given))}`;
  const conditions = Object.entries(COMPARED).flatMap(([member, column]) => {
    const wanted = query[member as keyof typeof COMPARED];
    return wanted === undefined ? [] : [`${column} = ${value(wanted)}`];
  });
  const time = (given: number): string => `to_timestamp(${value(given)}::float8 / 1000)`;
  if (query.since !== undefined) conditions.push(`r.at >= ${time(query.since)}`);
  if (query.until !== undefined) conditions.push(`r.at < ${time(query.until)}`);
  const isOldestFirst = page.order === 'oldest';
  if (page.after !== null) {
    const { at, id } = page.after;
    conditions.push(`(r.at, r.id) ${isOldestFirst ? '>' : '<'} (${time(at)}, ${value(id)}::uuid)`);
  }
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const direction = isOldestFirst ? 'asc' : 'desc';
  return {
    text: `select ${RECORD_COLUMNS} from audit_record r ${where} order by r.at ${direction}, r.id ${direction} limit ${value(page.limit)}`,
    values,
  };
}
