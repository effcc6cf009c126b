import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuditTrail, ChainEnd, KeptRecord, PartitionReport, RecordPage, RecordQuery } from './audit-trail.contract.js';
import type { AuditSpool } from './spool/audit-spool.js';
import type { TrailRow, TrailStore } from './trail.store.js';

export class PostgresAuditTrail implements AuditTrail {
  constructor(private readonly deps: { readonly store: TrailStore; readonly spool?: AuditSpool }) {}

  async records(_context: CallContext, query: RecordQuery, page: RecordPage): Promise<readonly KeptRecord[]> {
    return (await this.deps.store.records(query, page)).map(keptRecord);
  }

  async erase(_context: CallContext, subject: string): Promise<number> {
    let erased = 0;
    for (;;) {
      const some = await this.deps.store.eraseSome(subject);
      if (some === 0) return erased;
      erased += some;
    }
  }

  async recoverSpool(_context: CallContext): Promise<void> {
    await this.deps.spool?.recover();
  }

  preparePartitions(_context: CallContext, daysAhead: number): Promise<PartitionReport> {
    return this.deps.store.preparePartitions(daysAhead);
  }

  strayBytes(_context: CallContext): Promise<number> {
    return this.deps.store.strayBytes();
  }

  endsBefore(_context: CallContext, day: string): Promise<readonly ChainEnd[]> {
    return this.deps.store.endsBefore(day);
  }

  dropBefore(_context: CallContext, day: string): Promise<readonly string[]> {
    return this.deps.store.dropBefore(day);
  }
}

function keptRecord(row: TrailRow): KeptRecord {
  return { ...identityOf(row), ...tokenOf(row), ...outcomeOf(row), ...linkOf(row) };
}

function identityOf(row: TrailRow) {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    at: row.at,
    outcome: row.outcome,
    diagnosticId: row.diagnostic_id,
    transport: row.transport,
    clientId: row.client_id ?? null,
    subject: row.subject ?? null,
    actor: row.actor ?? null,
  };
}

function tokenOf(row: TrailRow) {
  return {
    exchangeCase: row.exchange_case ?? null,
    issuer: row.issuer ?? null,
    audience: row.audience ?? null,
    tokenId: row.token_id ?? null,
    kid: row.kid ?? null,
    expiresAt: row.expires_at ?? null,
    permissionCount: row.permission_count ?? null,
  };
}

function outcomeOf(row: TrailRow) {
  return {
    policyVersion: row.policy_version ?? null,
    epoch: row.epoch ?? null,
    subjectTokenSha256: row.subject_token_sha256 ?? null,
    code: row.code ?? null,
    what: row.what ?? null,
    detail: row.detail ?? null,
  };
}

function linkOf({ chain, sequence, hash, erased }: TrailRow) {
  return { chain, sequence, hash, erased: erased !== null };
}
