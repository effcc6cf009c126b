import type { TenantRule } from '#accessors/issuer/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/** Where operators are subjects. No rule gives it: whoever wants it names it, and only who is registered there has rights in it. */
const OPERATORS: TenantRule = { tenantId: PLATFORM_TENANT, slug: 'platform', when: null };

/**
 * The one tenant that an exchange works in. The rules of the issuer propose; the request may choose among what they propose and
 * nothing else.
 *
 * @throws CodedError `TENANT_UNRESOLVED`, `TENANT_AMBIGUOUS`, `TENANT_NOT_ALLOWED`
 */
export function selectTenant(proposed: readonly TenantRule[], requested: string | undefined): TenantRule {
  const [first] = proposed;
  if (requested === OPERATORS.slug) return OPERATORS;
  if (first === undefined) throw new CodedError('TENANT_UNRESOLVED', { field: 'subject_token' });
  if (requested !== undefined) {
    const chosen = proposed.find((rule) => rule.slug === requested);
    if (chosen === undefined) throw new CodedError('TENANT_NOT_ALLOWED', { field: 'tenant' });
    return chosen;
  }
  if (proposed.some((rule) => rule.tenantId !== first.tenantId)) throw new CodedError('TENANT_AMBIGUOUS', { field: 'tenant' });
  return first;
}
