import type { ExchangeRecord, RefusalRecord } from '#accessors/audit/contract.js';
import type { AcceptedReport } from '#engines/token-validation/contract.js';
import type { PermissionDecision, PermissionRequest } from '#engines/permission/contract.js';
import type { IssuedToken } from '#engines/signing/contract.js';
import type { CodedError } from '#utilities/errors/coded-error.js';
import { policyVersionOf } from './policy-version.js';

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
  readonly trail: ExchangeTrail;
  readonly report: AcceptedReport;
  readonly decided: {
    readonly request: PermissionRequest;
    readonly granted: Extract<PermissionDecision, { effect: 'granted' }>;
  };
  readonly issued: IssuedToken;
}

export function recordOf({ trail, report, decided: { request, granted }, issued }: IssuedExchange): ExchangeRecord {
  return {
    outcome: 'issued',
    tenantId: request.facts.tenantId,
    clientId: trail.clientId,
    case: report.principal.case,
    subject: issued.subject,
    actor: issued.actor,
    issuer: report.principal.issuer,
    audience: request.application.audience,
    tokenId: issued.tokenId,
    kid: issued.kid,
    expiresAt: issued.expiresAt,
    permissionCount: granted.permissions.length,
    policyVersion: policyVersionOf(request.policy),
    epoch: request.facts.epoch,
    subjectTokenSha256: report.tokenSha256,
  };
}
