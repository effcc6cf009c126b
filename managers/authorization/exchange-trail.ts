import type { ExchangeRecord, RefusalRecord } from '#accessors/audit/contract.js';
import type { AcceptedReport } from '#engines/token-validation/contract.js';
import type { PermissionDecision } from '#engines/permission/contract.js';
import type { IssuedToken } from '#engines/signing/contract.js';
import type { CodedError } from '#utilities/errors/coded-error.js';

/** What is known about an exchange so far, so that a refusal at any step is recorded with all of it. */
export interface ExchangeTrail {
  readonly clientId: string;
  tenantId: string | null;
  issuer: string | null;
  audience: string | null;
  subjectTokenSha256: string | null;
}

export function startTrail(clientId: string): ExchangeTrail {
  return { clientId, tenantId: null, issuer: null, audience: null, subjectTokenSha256: null };
}

export function refusalOf(trail: ExchangeTrail, refusal: CodedError): RefusalRecord {
  return { outcome: 'refused', ...trail, code: refusal.code, detail: refusal.details.internal ?? refusal.details.actual ?? null };
}

export interface IssuedExchange {
  readonly tenantId: string;
  readonly clientId: string;
  readonly audience: string;
  readonly report: AcceptedReport;
  readonly granted: Extract<PermissionDecision, { effect: 'granted' }>;
  readonly issued: IssuedToken;
  readonly policyVersion: string;
  readonly epoch: number;
}

export function recordOf(exchange: IssuedExchange): ExchangeRecord {
  const { report, issued } = exchange;
  return {
    outcome: 'issued',
    tenantId: exchange.tenantId,
    clientId: exchange.clientId,
    case: report.principal.case,
    subject: issued.subject,
    actor: issued.actor,
    issuer: report.principal.issuer,
    audience: exchange.audience,
    tokenId: issued.tokenId,
    kid: issued.kid,
    expiresAt: issued.expiresAt,
    permissionCount: exchange.granted.permissions.length,
    policyVersion: exchange.policyVersion,
    epoch: exchange.epoch,
    subjectTokenSha256: report.tokenSha256,
  };
}
