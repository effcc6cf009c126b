import type { TenantRule } from '#accessors/issuer/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/**
 * The one tenant that an exchange works in. The rules of the issuer propose; the request may choose among what they propose and
 * nothing else.
 *
 * @throws CodedError `TENANT_UNRESOLVED`, `TENANT_AMBIGUOUS`, `TENANT_NOT_ALLOWED`
 */
export function selectTenant(proposed: readonly TenantRule[], requested: string | undefined): TenantRule {
  const [first] = proposed;
  if (first === undefined) throw new CodedError('TENANT_UNRESOLVED', { field: 'subject_token' });
  if (requested !== undefined) {
    const chosen = proposed.find((rule) => rule.slug === requested);
    if (chosen === undefined) throw new CodedError('TENANT_NOT_ALLOWED', { field: 'tenant' });
    return chosen;
  }
  if (proposed.some((rule) => rule.tenantId !== first.tenantId)) throw new CodedError('TENANT_AMBIGUOUS', { field: 'tenant' });
  return first;
}
