import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeOnPostgres } from '../../test/support/database.js';
import { CONTEXT, policyFile, policyWorld, type PolicyWorld } from './fixtures/policy-world.fixture.js';

const ASKING = { guardRails: {}, tests: [], replayDays: null };
const roles = { clerk: { grants: ['billing:invoice:read'] } };

describeOnPostgres('A plan of a policy that reads from fact sources', (open) => {
  let world: PolicyWorld;
  beforeAll(async () => {
    world = await policyWorld(await open());
  }, 60_000);
  afterAll(() => world.parts.changeFeed.stop());

  it('names each fact that was asked for nobody, of the policy in force too', async () => {
    const attributes = { subject: { clearance: { type: 'int', source: 'crm' }, team: { type: 'string', source: 'db' } } };
    const said = [expect.stringMatching(/^subject\.clearance of fact source crm was asked for nobody: .* not held$/)];
    const { planId, highRisk } = await world.manager.plan(CONTEXT, policyFile({ roles, attributes }), ASKING);
    expect(highRisk).toEqual(said);
    await world.manager.apply(CONTEXT, planId, 'first');
    const { planId: last, highRisk: stillSaid } = await world.manager.plan(CONTEXT, policyFile({ roles }), ASKING);
    expect(stillSaid).toEqual(said);
    await world.manager.apply(CONTEXT, last, 'without');
    expect((await world.manager.plan(CONTEXT, policyFile({ roles: {} }), ASKING)).highRisk).toEqual([]);
  });
});
