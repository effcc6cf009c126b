import { expect, it } from '@jest/globals';
import type { FactQuestion, UpstreamIdentity } from '#accessors/facts/contract.js';
import { DefaultFactAccess } from '#accessors/facts/default.fact.access.js';
import { DefaultPolicyAccess } from '#accessors/policy/default.policy.access.js';
import { DefaultRegistrationAccess } from '#accessors/registration/default.registration.access.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { accessorParts, CONTEXT } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import { appointFirstOperator, type FirstOperatorDeps } from './first-operator.js';

const OLGA = { cloud: 'public', tid: '1F0C2A4E-6b7d-4c3a-9e5f-0a1b2c3d4e5f', oid: '9b1d7a54-52f0-4c2e-8a35-5d1a0f6b7c88' };
const questionAbout = (identity: UpstreamIdentity): FactQuestion => ({
  tenantId: PLATFORM_TENANT,
  subject: { by: 'identity', identity },
  groups: [],
});
const document = (operator: object): object => ({ apiVersion: 'countersign/bootstrap/v1', operator });

describeOnEachDatabase('The first operator', (open) => {
  async function deps(): Promise<FirstOperatorDeps & { stop(): Promise<void> }> {
    const parts = await accessorParts((await open()).database);
    return {
      registrationAccess: new DefaultRegistrationAccess(parts),
      policyAccess: new DefaultPolicyAccess(parts),
      factAccess: new DefaultFactAccess(parts),
      stop: () => parts.changeFeed.stop(),
    };
  }

  it('is appointed once, with the role operator in the tenant of operators', async () => {
    const parts = await deps();
    expect(await appointFirstOperator(parts, CONTEXT, document(OLGA))).toBe(true);
    expect(await appointFirstOperator(parts, CONTEXT, document(OLGA))).toBe(false);
    const identity = { instance: `entra:public:${OLGA.tid.toLowerCase()}`, externalId: OLGA.oid };
    const facts = await parts.factAccess.factsOf(CONTEXT, questionAbout(identity));
    expect(facts).toMatchObject({ tenantStatus: 'active', assignments: [{ role: 'operator' }], subject: { status: 'active' } });
    expect((await parts.registrationAccess.applicationFor(CONTEXT, 'countersign'))?.prefix).toBe('countersign');
    await parts.stop();
  });

  it('gets nothing back from the file that was taken away since', async () => {
    const parts = await deps();
    await appointFirstOperator(parts, CONTEXT, document(OLGA));
    const principal = { type: 'subject', key: 'first-operator' } as const;
    await parts.factAccess.assignRoles(CONTEXT, [{ tenant: 'platform', principal, role: 'operator', state: 'revoked' }]);
    expect(await appointFirstOperator(parts, CONTEXT, document(OLGA))).toBe(false);
    const identity = { instance: `entra:public:${OLGA.tid.toLowerCase()}`, externalId: OLGA.oid };
    expect((await parts.factAccess.factsOf(CONTEXT, questionAbout(identity))).assignments).toEqual([]);
    await parts.stop();
  });

  it('is never replaced by another file', async () => {
    const parts = await deps();
    await appointFirstOperator(parts, CONTEXT, document({ issuer: 'https://id.example', sub: 'olga' }));
    const attempt = appointFirstOperator(parts, CONTEXT, document({ issuer: 'https://id.example', sub: 'mallory' }));
    await expect(attempt).rejects.toMatchObject({ code: 'OPERATOR_ALREADY_APPOINTED' });
    await parts.stop();
  });

  it.each([
    ['an e-mail address', { email: 'olga@acme.example' }],
    ['nobody', {}],
    ['a tid that is no GUID', { ...OLGA, tid: 'acme' }],
    ['two identities', { ...OLGA, issuer: 'https://id.example', sub: 'olga' }],
  ])('is not %s', async (_name, operator) => {
    const parts = await deps();
    await expect(appointFirstOperator(parts, CONTEXT, document(operator))).rejects.toMatchObject({ code: 'IMPORT_INVALID' });
    await parts.stop();
  });
});
