import type { LiveRef } from '#accessors/facts/live-data.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { OPERATORS_TENANT } from '../administration-application.js';

/**
 * SECURITY: who may write rows of the tenant of operators could make anybody an operator, themselves with every permission. That is
 * for whoever has the database, which is the command line. @throws CodedError `OPERATOR_NOT_PERMITTED`
 */
export function refuseOperators({ operator }: CallContext, tenant: string): void {
  if (operator === undefined || tenant !== OPERATORS_TENANT) return;
  throw new CodedError('OPERATOR_NOT_PERMITTED', {
    internal: `rows of tenant ${tenant} are changed from the command line alone`,
  });
}

/**
 * SECURITY: tenants are rows that no tenant holds, so an operator changes one under its own name alone; otherwise a request about one
 * tenant could change another, that of operators too. @throws CodedError `OPERATOR_NOT_PERMITTED`
 */
export function refuseOtherTenants({ operator }: CallContext, tenant: string, refs: readonly LiveRef[]): void {
  if (operator === undefined) return;
  const other = refs.find(({ kind, name }) => kind === 'tenant' && name !== tenant);
  if (other === undefined) return;
  throw new CodedError('OPERATOR_NOT_PERMITTED', {
    internal: `tenant ${other.name} is not changed as a row of tenant ${tenant}`,
  });
}

/** Whether a reader sees no other tenant than this one: all of them are seen from the tenant of operators. */
export function seesItselfAlone({ operator }: CallContext, tenant: string): boolean {
  return operator !== undefined && tenant !== OPERATORS_TENANT;
}
