import type { SubjectFacts } from '#accessors/facts/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/** The audience of operators' tokens. */
export const ADMINISTRATION_AUDIENCE = 'countersign';
/** Slug of the tenant that operators are subjects of. */
export const OPERATORS_TENANT = 'platform';

/**
 * SECURITY: the tenant of operators may be named by anybody, so it serves administration alone and only those who are registered in
 * it; what an identity provider says about somebody counts for nothing there.
 *
 * @throws CodedError `TENANT_NOT_ALLOWED`
 */
export function checkOperatorsTenant(slug: string, audience: string, facts: SubjectFacts): void {
  if (slug !== OPERATORS_TENANT) return;
  if (audience === ADMINISTRATION_AUDIENCE && facts.subject !== null) return;
  throw new CodedError('TENANT_NOT_ALLOWED', { field: 'tenant', internal: 'not a registered operator, or another application' });
}
