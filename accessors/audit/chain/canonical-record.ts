import { storableJson } from '../storable.js';

/** A record as the columns have it; what is left out is NULL. */
export interface RecordColumns {
  readonly tenant_id: string;
  readonly id: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly outcome: string;
  readonly diagnostic_id: string;
  readonly transport: string;
  readonly client_id?: string | null;
  readonly exchange_case?: string | null;
  readonly subject?: string | null;
  readonly actor?: string | null;
  readonly issuer?: string | null;
  readonly audience?: string | null;
  readonly token_id?: string | null;
  readonly kid?: string | null;
  /** Unix seconds. */
  readonly expires_at?: number | null;
  readonly permission_count?: number | null;
  readonly policy_version?: string | null;
  readonly epoch?: number | null;
  readonly subject_token_sha256?: string | null;
  readonly code?: string | null;
  readonly what?: string | null;
  readonly detail?: string | null;
}

/** The same record in two JSON texts: what stays for as long as the record does, and what can be erased. */
export interface RecordParts {
  readonly fixed: string;
  readonly erasable: string;
}

/**
 * INVARIANT: what is read back from the columns gives the same texts, byte for byte, since hashes are over them. So: one order, no
 * NULLs, UUIDs in lower case, times as whole numbers. A new column goes to the end; records from before it keep their texts.
 */
export function canonicalParts(row: RecordColumns): RecordParts {
  return {
    fixed: storableJson({
      tenant_id: row.tenant_id.toLowerCase(),
      id: row.id,
      at: row.at,
      outcome: row.outcome,
      diagnostic_id: row.diagnostic_id.toLowerCase(),
      transport: row.transport,
      client_id: there(row.client_id),
      exchange_case: there(row.exchange_case),
      issuer: there(row.issuer),
      audience: there(row.audience),
      kid: there(row.kid),
      expires_at: there(row.expires_at),
      permission_count: there(row.permission_count),
      policy_version: there(row.policy_version),
      epoch: there(row.epoch),
      code: there(row.code),
      what: there(row.what),
    }),
    // What points to one person. The client stays: it says who acted.
    erasable: storableJson({
      subject: there(row.subject),
      actor: there(row.actor),
      token_id: there(row.token_id),
      subject_token_sha256: there(row.subject_token_sha256),
      detail: there(row.detail),
    }),
  };
}

/** JSON leaves out what is undefined. */
function there<Value>(value: Value | null | undefined): Value | undefined {
  return value ?? undefined;
}
