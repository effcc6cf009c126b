import type { ExchangeRecord, RefusalRecord } from '#accessors/audit/contract.js';
import type { ActorClaim, GrantLimits } from '#engines/delegation/contract.js';
import type { PermissionDecision, PermissionRequest } from '#engines/permission/contract.js';
import type { IssuedToken } from '#engines/signing/contract.js';
import type { CodedError } from '#utilities/errors/coded-error.js';
import { policyVersionOf } from './policy-version.js';

/** What is known about an exchange so far, so that a refusal at any step is recorded with all of it. */
export interface ExchangeTrail {
  readonly clientId: string;
  /** That this process alone could tell whether a proof was used before. */
  readonly singleUse: 'first-here' | undefined;
  tenantId: string | null;
  issuer: string | null;
  audience: string | null;
  subjectTokenSha256: string | null;
}

export function startTrail(clientId: string, singleUse?: 'first-here'): ExchangeTrail {
  return { clientId, singleUse, tenantId: null, issuer: null, audience: null, subjectTokenSha256: null };
}

export function refusalOf({ singleUse: _proof, ...trail }: ExchangeTrail, refusal: CodedError): RefusalRecord {
  return { outcome: 'refused', ...trail, code: refusal.code, detail: refusal.details.internal ?? refusal.details.actual ?? null };
}

export interface IssuedExchange {
  readonly trail: ExchangeTrail;
  readonly limits: GrantLimits;
  readonly decided: {
    readonly request: PermissionRequest;
    readonly granted: Extract<PermissionDecision, { effect: 'granted' }>;
  };
  readonly issued: IssuedToken;
}

export function recordOf({ trail, limits, decided: { request, granted }, issued }: IssuedExchange): ExchangeRecord {
  return {
    outcome: 'issued',
    tenantId: request.facts.tenantId,
    clientId: trail.clientId,
    case: limits.case,
    subject: issued.subject,
    actor: issued.actor,
    issuer: trail.issuer ?? '',
    audience: request.application.audience,
    tokenId: issued.tokenId,
    kid: issued.kid,
    expiresAt: issued.expiresAt,
    permissionCount: granted.permissions.length,
    policyVersion: policyVersionOf(request.policy),
    epoch: request.facts.epoch,
    subjectTokenSha256: trail.subjectTokenSha256 ?? '',
    detail: detailOf(trail, limits),
  };
}

/** What is not plain: who acted before, how far it has come, what it is bound to; `null`: nothing. */
function detailOf(
  { singleUse }: ExchangeTrail,
  { act, depth, confirmation, impersonated, case: grant }: GrantLimits,
): string | null {
  const parts = [
    ...(act?.act === undefined ? [] : [`acted before: ${chainOf(act.act)}`]),
    ...(depth === 1 ? [] : [`exchange ${String(depth)} of its chain`]),
    ...(impersonated && grant !== 'impersonation' ? ['from an impersonation'] : []),
    ...(confirmation === null ? [] : [`bound by ${Object.keys(confirmation).join(', ')}`]),
    ...(singleUse === undefined ? [] : ['single use of the proof known to this process alone']),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

function chainOf({ sub, act }: ActorClaim): string {
  return act === undefined ? sub : `${sub} < ${chainOf(act)}`;
}
