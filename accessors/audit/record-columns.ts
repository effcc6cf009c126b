/** The columns of a record as they are hashed, read back exactly. Times are whole numbers again. */
export const RECORD_COLUMNS = `
  r.tenant_id::text as tenant_id, r.id::text as id, round(extract(epoch from r.at) * 1000)::float8 as at, r.outcome,
  r.diagnostic_id::text as diagnostic_id, r.transport, r.client_id, r.exchange_case, r.subject, r.actor, r.issuer, r.audience,
  r.token_id, r.kid, extract(epoch from r.expires_at)::float8 as expires_at, r.permission_count, r.policy_version,
  r.epoch::float8 as epoch, r.subject_token_sha256, r.code, r.what, r.detail,
  r.chain::text as chain, r.sequence::float8 as sequence, encode(r.salt, 'hex') as salt, encode(r.hash, 'hex') as hash,
  encode(r.erased, 'hex') as erased`;
