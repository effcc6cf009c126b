import type { Database } from '#utilities/database/contract.js';
import type { LinkedBatch } from './chain/audit-chain.js';
import type { IssuedUnder } from './contract.js';

/**
 * A batch is one statement and so one commit, whatever its size. Writing a record a second time does nothing, which is what
 * makes a retry safe; where the first try is still under way, the statement waits for it.
 *
 * The hash of the batch goes beside it, for the next checkpoint: it is seen there when the records are, and not before.
 */
const INSERT_BATCH = `
  with unsealed as (insert into audit_unsealed (chain, sequence, hash) values ($2, $3, decode($4, 'hex')))
  insert into audit_record (tenant_id, id, at, outcome, diagnostic_id, transport, client_id, exchange_case, subject, actor,
    issuer, audience, token_id, kid, expires_at, permission_count, policy_version, epoch, subject_token_sha256, code, what, detail,
    chain, sequence, salt, hash)
  select tenant_id, id, to_timestamp(at / 1000.0), outcome, diagnostic_id, transport, client_id, exchange_case, subject, actor,
    issuer, audience, token_id, kid, to_timestamp(expires_at), permission_count, policy_version, epoch, subject_token_sha256,
    code, what, detail, chain, sequence, salt, hash
  from json_to_recordset($1::json) as batch (tenant_id uuid, id uuid, at bigint, outcome text, diagnostic_id uuid,
    transport text, client_id text, exchange_case text, subject text, actor text, issuer text, audience text, token_id text,
    kid text, expires_at bigint, permission_count integer, policy_version text, epoch bigint, subject_token_sha256 text,
    code text, what text, detail text, chain uuid, sequence bigint, salt bytea, hash bytea)
  on conflict do nothing`;

const ISSUED_UNDER = `
  select issued.audience, round(extract(epoch from issued.hour) * 1000)::float8 as hour, sum(issued.tokens)::float8 as tokens,
    round(extract(epoch from max(issued.last_expires_at)) * 1000)::float8 as "lastExpiresAt"
  from issued_under($1, to_timestamp($2::float8 / 1000)) issued
  group by issued.audience, issued.hour
  order by issued.hour desc, issued.audience`;

export class AuditStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** Writes the batch; durable when it returns. */
  async insert({ rows, head }: LinkedBatch): Promise<void> {
    const parameters = [`[${rows.join(',')}]`, head.chain, head.sequence, head.hash];
    await this.deps.database.prepared('audit-insert', INSERT_BATCH, parameters);
  }

  issuedUnder(kid: string, since: number): Promise<IssuedUnder[]> {
    return this.deps.database.query<IssuedUnder>(ISSUED_UNDER, [kid, since]);
  }
}
