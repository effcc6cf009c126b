import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { TenantRule } from '#accessors/issuer/contract.js';
import type { IssuedVerdict } from '#engines/signing/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { Operator } from './contract.js';

/** The audience of operators' tokens. */
export const ADMINISTRATION_AUDIENCE = 'countersign';
const OPERATORS_TENANT = 'platform';

/**
 * SECURITY: the tenant of operators may be named by anybody, so it serves administration alone and only those who are registered in
 * it; what an identity provider says about somebody counts for nothing there.
 *
 * @throws CodedError `TENANT_NOT_ALLOWED`
 */
export function checkOperatorsTenant(tenant: TenantRule, audience: string, facts: SubjectFacts): void {
  if (tenant.slug !== OPERATORS_TENANT) return;
  if (audience === ADMINISTRATION_AUDIENCE && facts.subject !== null) return;
  throw new CodedError('TENANT_NOT_ALLOWED', { field: 'tenant', internal: 'not a registered operator, or another application' });
}

/**
 * SECURITY: a tenant's own policy could grant permissions of any application, so only tokens of the tenant of operators count;
 * and nobody administers on behalf of somebody else.
 *
 * @throws CodedError `OPERATOR_UNAUTHENTICATED`, `OPERATOR_NOT_PERMITTED`
 */
export function admitOperator(verdict: IssuedVerdict, permission: string): Operator {
  if (!verdict.genuine) throw new CodedError('OPERATOR_UNAUTHENTICATED', { internal: `the token is refused: ${verdict.fault}` });
  const { claims } = verdict;
  if (claims.tenant !== OPERATORS_TENANT)
    throw new CodedError('OPERATOR_UNAUTHENTICATED', { internal: 'issued in another tenant' });
  if (claims.actor !== null) throw new CodedError('OPERATOR_UNAUTHENTICATED', { internal: 'issued on behalf of somebody' });
  if (!claims.permissions.includes(permission)) throw new CodedError('OPERATOR_NOT_PERMITTED', { expected: permission });
  return { subject: claims.subject, tokenId: claims.tokenId };
}
