import { z } from 'zod';
import type { FactAccess, UpstreamIdentity } from '#accessors/facts/contract.js';
import type { PolicyAccess } from '#accessors/policy/contract.js';
import type { RegistrationAccess } from '#accessors/registration/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { ADMINISTRATION_APPLICATION, OPERATOR_POLICY, OPERATORS_TENANT } from './administration-application.js';

export interface FirstOperatorDeps {
  readonly registrationAccess: RegistrationAccess;
  readonly policyAccess: PolicyAccess;
  readonly factAccess: FactAccess;
}

const KEY = 'first-operator';
const GUID = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, 'a GUID is expected');

const SCHEMA = z.strictObject({
  apiVersion: z.literal('countersign/bootstrap/v1'),
  operator: z.union([
    z.strictObject({ issuer: z.url(), sub: z.string().min(1) }),
    z.strictObject({ cloud: z.string().min(1).default('public'), tid: GUID, oid: GUID }),
  ]),
});

/**
 * Makes one upstream identity the first operator, once. Naming the same one again changes nothing; naming another is refused, so
 * that a bootstrap file that is left lying about appoints nobody later.
 *
 * @throws CodedError `IMPORT_INVALID`, `OPERATOR_ALREADY_APPOINTED`
 */
export async function appointFirstOperator(deps: FirstOperatorDeps, context: CallContext, document: unknown): Promise<boolean> {
  const parsed = SCHEMA.safeParse(document);
  if (!parsed.success) throw new CodedError('IMPORT_INVALID', { actual: z.prettifyError(parsed.error) });
  const identities = [identityOf(parsed.data.operator)];
  const subject = { tenant: OPERATORS_TENANT, key: KEY, kind: 'user', status: 'active', identities, groups: [] } as const;
  const [outcome] = await deps.factAccess.registerSubjects(context, [subject]);
  if (outcome === 'updated') throw new CodedError('OPERATOR_ALREADY_APPOINTED');
  // What this service can be asked for follows its version; who may ask for it does not.
  await deps.registrationAccess.registerApplication(context, ADMINISTRATION_APPLICATION);
  // SECURITY: a file that is left lying about gives nothing back that was taken away since.
  if (outcome === 'unchanged') return false;
  await deps.policyAccess.activate(context, OPERATOR_POLICY);
  const principal = { type: 'subject', key: KEY } as const;
  await deps.factAccess.assignRoles(context, [{ tenant: OPERATORS_TENANT, principal, role: 'operator', state: 'active' }]);
  return true;
}

function identityOf(operator: z.infer<typeof SCHEMA>['operator']): UpstreamIdentity {
  if ('issuer' in operator) return { instance: `oidc:${operator.issuer}`, externalId: operator.sub };
  const { cloud, tid, oid } = operator;
  return { instance: `entra:${cloud}:${tid.toLowerCase()}`, externalId: oid.toLowerCase() };
}
