import type { Database } from '#utilities/database/contract.js';
import type { Revocation, RevocationQuery, RevocationTarget, StoredRevocation } from '../revocation.contract.js';
import { REVOCATIONS_TOPIC } from './revocations-topic.js';

/** What is read of one moment: everything after a number, and the newest number. */
export interface RevocationChanges {
  readonly epoch: number;
  readonly revocations: readonly StoredRevocation[];
}

interface Row {
  readonly by_what: RevocationTarget['by'] | null;
  readonly tenant: string;
  readonly name: string;
  readonly of_tenant: string | null;
  readonly of_subject: string | null;
  readonly of_client: string | null;
  readonly issued_before: string;
  readonly until: string;
  readonly because: string;
  readonly revoked_at: number;
  readonly sequence: string;
  readonly epoch: string | null;
}

const COLUMNS = `r.by_what, r.tenant, r.name, r.of_tenant, r.of_subject, r.of_client, r.issued_before, r.until, r.because,
  floor(extract(epoch from r.revoked_at) * 1000)::float8 as revoked_at, r.sequence`;
const ENDED_AT_ONCE = 2_000;

export class RevocationStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** One statement, so that the number is of the same moment as the rows. `ended`: Unix seconds; what ended before is left out. */
  async after(sequence: number, ended: number): Promise<RevocationChanges> {
    const rows = await this.deps.database.prepared<Row>(
      'revocations_after',
      `select ${COLUMNS}, e.epoch
       from (select (select epoch from data_epoch where tenant_id = $1) as epoch) e
       left join revocation r on r.sequence > $2 and r.until >= $3
       order by r.sequence`,
      [REVOCATIONS_TOPIC, sequence, ended],
    );
    return { epoch: Number(rows[0]?.epoch ?? 0), revocations: rows.flatMap(revocationIn) };
  }

  async keep({ target, before, until, because }: Revocation): Promise<void> {
    const { by_what, tenant, name, of } = columnsOf(target);
    await this.deps.database.query(
      `insert into revocation (by_what, tenant, name, of_tenant, of_subject, of_client, issued_before, until, because)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (by_what, tenant, name) do update
         set issued_before = greatest(revocation.issued_before, excluded.issued_before),
           until = greatest(revocation.until, excluded.until), because = excluded.because`,
      [by_what, tenant, name, of?.tenant ?? null, of?.subject ?? null, of?.clientId ?? null, before, until, because],
    );
  }

  /** `now`: Unix seconds; what ended by then is left out. */
  async list({ by, below, limit }: RevocationQuery, now: number): Promise<readonly StoredRevocation[]> {
    const rows = await this.deps.database.query<Row>(
      `select ${COLUMNS}, null as epoch from revocation r
       where ($1::text is null or r.by_what = $1) and ($2::bigint is null or r.sequence < $2)
         and r.until >= $4
       order by r.sequence desc limit $3`,
      [by, below, limit, now],
    );
    return rows.flatMap(revocationIn);
  }

  /** Rows that another process is removing are left to it. */
  async removeEnded(ended: number): Promise<number> {
    const removed = await this.deps.database.query(
      `delete from revocation where (by_what, tenant, name) in (
         select by_what, tenant, name from revocation where until < $1 order by until limit $2 for update skip locked)
       returning 1`,
      [ended, ENDED_AT_ONCE],
    );
    return removed.length;
  }
}

function columnsOf(target: RevocationTarget) {
  switch (target.by) {
    case 'token':
      return { by_what: target.by, tenant: '', name: target.tokenId, of: target.of };
    case 'subject':
      return { by_what: target.by, tenant: target.tenant, name: target.subject, of: null };
    case 'client':
      return { by_what: target.by, tenant: '', name: target.clientId, of: null };
    case 'tenant':
      return { by_what: target.by, tenant: target.tenant, name: '', of: null };
  }
}

function revocationIn(row: Row): StoredRevocation[] {
  if (row.by_what === null) return [];
  return [
    {
      target: targetIn(row, row.by_what),
      before: Number(row.issued_before),
      until: Number(row.until),
      because: row.because,
      sequence: Number(row.sequence),
      revokedAt: row.revoked_at,
    },
  ];
}

function targetIn({ tenant, name, of_tenant, of_subject, of_client }: Row, by: RevocationTarget['by']): RevocationTarget {
  switch (by) {
    case 'token': {
      const isKnown = of_tenant !== null && of_subject !== null && of_client !== null;
      return { by, tokenId: name, of: isKnown ? { tenant: of_tenant, subject: of_subject, clientId: of_client } : null };
    }
    case 'subject':
      return { by, tenant, subject: name };
    case 'client':
      return { by, clientId: name };
    case 'tenant':
      return { by, tenant };
  }
}
