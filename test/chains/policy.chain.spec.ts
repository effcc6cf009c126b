import { beforeAll, expect, it } from '@jest/globals';
import { policyManager, type PolicyManagerParts } from '../../managers/policy/policy.parts.js';
import { CONTEXT, policyFile, policyWorld, type PolicyWorld } from '../../managers/policy/fixtures/policy-world.fixture.js';
import { describeOnPostgres } from '../support/database.js';
import { recorded } from './recorder.js';

const NAMES: Readonly<Partial<Record<keyof PolicyManagerParts, string>>> = {
  policyLife: 'PolicyLife',
  factAccess: 'FactAccess',
  registrationAccess: 'RegistrationAccess',
  issuerRegistry: 'IssuerRegistry',
  changeTrail: 'ChangeTrail',
  decisionTrail: 'DecisionTrail',
  permissionEngine: 'PermissionEngine',
  policyLanguage: 'PolicyLanguage',
  unitOfWork: 'UnitOfWork',
};
const SURROUNDINGS = ['RegistrationAccess.applications', 'IssuerRegistry.issuers'];
const READ = [...SURROUNDINGS, 'PolicyLanguage.read', 'PolicyLanguage.lint'];
const IN_FORCE = ['FactAccess.tenantNamed', 'PolicyLife.activations'];
/** Judging is many calls of the engine, told as one; where nothing was ever enforced there is no version to read. */
const JUDGED = ['PermissionEngine', 'FactAccess.factsOfMany', 'PermissionEngine', 'FactAccess.factsOf', 'PermissionEngine'];
const ACTIVATED = ['UnitOfWork.run', 'PolicyLife.activateVersion', 'ChangeTrail.recordWithin', 'FactAccess.announceChanges'];

describeOnPostgres('The chain of a change of policy', (open) => {
  const calls: string[] = [];
  let manager: ReturnType<typeof policyManager>;
  let world: PolicyWorld;

  beforeAll(async () => {
    world = await policyWorld(await open());
    await world.subjects([{ key: 'ana' }]);
    await world.assign([{ subject: 'ana', role: 'clerk' }]);
    const wrapped = Object.entries(world.managed as object).map(([member, part]: [string, unknown]): [string, unknown] => {
      const name = NAMES[member as keyof PolicyManagerParts];
      return [member, name === undefined ? part : recorded(name, part as object, calls)];
    });
    manager = policyManager(Object.fromEntries(wrapped) as unknown as PolicyManagerParts);
    await world.parts.changeFeed.stop();
  });

  /** What was called since the last time; runs of the permission engine as one. */
  function chain(): readonly string[] {
    const told = calls.splice(0).map((call) => (call.startsWith('PermissionEngine.') ? 'PermissionEngine' : call));
    return told.filter((call, at) => call !== 'PermissionEngine' || told[at - 1] !== call);
  }

  it('is exactly this: plan, apply, try out, go back', async () => {
    const options = { guardRails: {}, tests: [], replayDays: 7 };
    const { planId } = await manager.plan(CONTEXT, policyFile({ roles: { clerk: { grants: ['billing:**'] } } }), options);
    const kept = ['PolicyLife.addVersion', 'PolicyLife.version'];
    expect(chain()).toEqual([...READ, ...IN_FORCE, ...kept, 'DecisionTrail.decisions', ...JUDGED, 'PolicyLife.savePlan']);

    await manager.apply(CONTEXT, planId, 'first');
    const again = ['PolicyLife.version', ...SURROUNDINGS, 'PolicyLanguage.lint'];
    expect(chain()).toEqual(['PolicyLife.plan', ...IN_FORCE, ...again, ...JUDGED, ...ACTIVATED]);

    const next = await manager.plan(CONTEXT, policyFile({ roles: {} }), options);
    chain();
    await manager.shadow(CONTEXT, next.planId, 0.5);
    expect(chain()).toEqual(['PolicyLife.plan', ...ACTIVATED]);
    await manager.apply(CONTEXT, next.planId, 'second');
    chain();
    await manager.rollback(CONTEXT, { tenant: 'acme', set: 'main', to: null, reason: 'third' });
    expect(chain()).toEqual([...IN_FORCE, 'PolicyLife.version', 'PolicyLife.activations', ...again, ...ACTIVATED]);
  });

  it('changes nothing for a check and a test', async () => {
    const document = policyFile({ roles: {} });
    await manager.lint(CONTEXT, document);
    expect(chain()).toEqual(READ);
    await manager.test(CONTEXT, document, []);
    expect(chain().some((call) => /activateVersion|addVersion|savePlan|record/.test(call))).toBe(false);
  });
});
