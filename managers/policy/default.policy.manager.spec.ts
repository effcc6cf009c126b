import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EMPTY_POLICY } from '#accessors/policy/contract.js';
import { describeOnPostgres } from '../../test/support/database.js';
import type { PlanOptions, PlanReport } from './contract.js';
import { BILLING, CONTEXT, policyFile, policyWorld, type PolicyWorld } from './fixtures/policy-world.fixture.js';

const ASKING: PlanOptions = { guardRails: {}, tests: [], replayDays: null };
const CLERK = { clerk: { grants: ['billing:invoice:read', 'billing:invoice:create'] } };
const BASE = policyFile({ roles: CLERK });
const WIDER = policyFile({ roles: { clerk: { grants: ['billing:invoice:*'] } } });

const kinds = ({ changes }: Pick<PlanReport, 'changes'>) =>
  changes.map(({ subject, permission, change, before, after }) => [subject, permission, change, before, after]);

describeOnPostgres('PolicyManager', (open) => {
  let world: PolicyWorld;
  beforeEach(async () => {
    world = await policyWorld(await open());
    await world.subjects([{ key: 'ana' }, { key: 'bo' }, { key: 'cy', groups: ['fin'] }]);
    await world.assign([
      { subject: 'ana', role: 'clerk' },
      { subject: 'fin', role: 'clerk', principal: { type: 'group', key: 'fin' } },
    ]);
  });
  afterEachStops(() => world);

  const inForce = async (document: object) => {
    const { planId, refusals } = await world.manager.plan(CONTEXT, document, ASKING);
    expect(refusals).toEqual([]);
    return world.manager.apply(CONTEXT, planId, 'as agreed');
  };
  const active = async () => (await world.policies.activePolicy(CONTEXT, world.tenantId)).sequence;

  it('plans what everybody gains by the first policy, exactly', async () => {
    const plan = await world.manager.plan(CONTEXT, BASE, ASKING);
    expect(plan).toMatchObject({
      name: { tenant: 'acme', set: 'main' },
      base: null,
      candidate: { sequence: 1 },
      subjects: 3,
      changedSubjects: 2,
      losingSubjects: 0,
      gainingSubjects: 2,
      byRisk: { low: { gained: 2 }, medium: { gained: 2 } },
      byRule: [{ rule: 'role:clerk', subjects: 2 }],
      refusals: [],
      highRisk: [],
    });
    expect(kinds(plan)).toEqual([
      ['ana', 'billing:invoice:create', 'gained', null, 'granted'],
      ['ana', 'billing:invoice:read', 'gained', null, 'granted'],
      ['cy', 'billing:invoice:create', 'gained', null, 'granted'],
      ['cy', 'billing:invoice:read', 'gained', null, 'granted'],
    ]);
    expect(await world.manager.readPlan(CONTEXT, plan.planId)).toEqual(plan);
    expect(await active()).toBe(0);
  });

  it('applies a plan, with its record, and says by which plan', async () => {
    const plan = await world.manager.plan(CONTEXT, BASE, ASKING);
    const activation = await world.manager.apply(CONTEXT, plan.planId, 'as agreed');
    expect(activation).toMatchObject({
      number: 1,
      sequence: 1,
      mode: 'enforce',
      by: 'cli',
      reason: 'as agreed',
      planId: plan.planId,
    });
    expect(await active()).toBe(1);
    const [record] = await world.changes();
    expect(record).toMatchObject({ what: 'policy_applied', actor: null });
    expect(record?.detail).toMatch(/^acme main@1 activation 1 enforce plan .*: as agreed; by direct access to the database/);
  });

  it('finds each kind of change: lost, conditional, unconditional, another residual, a moved horizon', async () => {
    const inDays = (days: number) => new Date(Date.parse('2099-01-01') + days * 86_400_000).toISOString();
    const soon = (days: number) => new Date(world.managed.clock.now() + days * 86_400_000).toISOString();
    const moments = { later: soon(20), sooner: soon(10), never: inDays(1) };
    const amounts = { attributes: { resource: { invoice: { amount: { type: 'int', source: 'pep' } } } } };
    const small = (limit: number) => ({
      principal: 'all',
      when: `resource.amount < ${String(limit)}`,
      resource: { type: 'invoice' },
    });
    await inForce(
      policyFile({
        ...amounts,
        roles: { clerk: { grants: ['billing:invoice:read', 'billing:invoice:create'] } },
        bindings: [
          { id: 'small', permissions: ['billing:invoice:approve'], ...small(10) },
          { id: 'reports', principal: 'subject:bo', permissions: ['billing:report:read'], valid: { until: moments.later } },
        ],
      }),
    );
    const plan = await world.manager.plan(
      CONTEXT,
      policyFile({
        ...amounts,
        roles: { clerk: { grants: ['billing:invoice:read'] } },
        bindings: [
          { id: 'small', permissions: ['billing:invoice:approve'], ...small(20) },
          { id: 'some', permissions: ['billing:invoice:create'], ...small(5) },
          { id: 'reports', principal: 'subject:bo', permissions: ['billing:report:read'], valid: { until: moments.sooner } },
        ],
      }),
      ASKING,
    );
    expect(kinds(plan)).toEqual([
      ['ana', 'billing:invoice:approve', 'residual_changed', expect.stringContaining('10'), expect.stringContaining('20')],
      ['ana', 'billing:invoice:create', 'became_conditional', 'granted', expect.stringContaining('5')],
      ['bo', 'billing:invoice:approve', 'residual_changed', expect.stringContaining('10'), expect.stringContaining('20')],
      ['bo', 'billing:invoice:create', 'gained', null, expect.stringContaining('5')],
      ['bo', 'billing:report:read', 'horizon_moved', moments.later, moments.sooner],
      ['cy', 'billing:invoice:approve', 'residual_changed', expect.stringContaining('10'), expect.stringContaining('20')],
      ['cy', 'billing:invoice:create', 'became_conditional', 'granted', expect.stringContaining('5')],
    ]);
    expect(plan).toMatchObject({ losingSubjects: 2, gainingSubjects: 1 });
    expect(plan.byRule).toEqual([
      { rule: 'binding:reports', subjects: 1 },
      { rule: 'binding:small', subjects: 3 },
      { rule: 'binding:some', subjects: 3 },
      { rule: 'role:clerk', subjects: 2 },
    ]);
    await world.manager.apply(CONTEXT, plan.planId, 'narrower');
    const back = await world.manager.plan(CONTEXT, BASE, ASKING);
    expect(kinds(back)).toContainEqual(['ana', 'billing:invoice:create', 'became_unconditional', expect.any(String), 'granted']);
    expect(kinds(back)).toContainEqual(['bo', 'billing:report:read', 'lost', 'granted', null]);
  });

  it('tells a gain behind a step-up, and a step-up that is put on or taken off', async () => {
    const stepUps = [{ id: 's', permissions: ['billing:invoice:*'], acr: ['high'] }];
    const plan = await world.manager.plan(CONTEXT, policyFile({ roles: CLERK, stepUps }), ASKING);
    expect(kinds(plan)[0]).toEqual(['ana', 'billing:invoice:create', 'gained', null, 'step-up: acr high']);
    await world.manager.apply(CONTEXT, plan.planId, 'first');
    const without = await world.manager.plan(CONTEXT, BASE, ASKING);
    expect(kinds(without)[0]).toEqual(['ana', 'billing:invoice:create', 'became_unconditional', 'step-up: acr high', 'granted']);
  });

  it('shows what a role, a group or a claim would bring that nobody stored has', async () => {
    const plan = await world.manager.plan(
      CONTEXT,
      policyFile({
        roles: { ghost: { grants: ['billing:invoice:approve'] } },
        mappings: [{ issuer: 'contoso', claim: 'groups', equals: 'g-1', role: 'ghost' }],
        bindings: [{ id: 'b', principal: 'group:nobody', permissions: ['billing:report:read'] }],
      }),
      ASKING,
    );
    expect(plan.changedSubjects).toBe(0);
    expect(plan.holders.map(({ subject, permission, change }) => [subject, permission, change])).toEqual([
      ['role:ghost', 'billing:invoice:approve', 'gained'],
      ['group:nobody', 'billing:report:read', 'gained'],
      ['mapping:contoso groups=g-1', 'billing:invoice:approve', 'gained'],
    ]);
    expect(plan.highRisk).toEqual([
      'mapping:contoso groups=g-1 decides what tokens of an issuer grant',
      'permissions of high risk would be gained: billing:invoice:approve',
    ]);
    expect(plan.refusals).toEqual([expect.stringContaining('give tests')]);
    await expect(world.manager.apply(CONTEXT, plan.planId, 'anyway')).rejects.toMatchObject({ code: 'PLAN_REFUSED' });
  });

  it('keeps guard rails: for losses, for gains of a risk and of a pattern, also by a role that nobody has', async () => {
    await inForce(BASE);
    const refusals = async (document: object, guardRails: PlanOptions['guardRails']) =>
      (await world.manager.plan(CONTEXT, document, { ...ASKING, guardRails })).refusals;
    const nothing = policyFile({ roles: {} });
    expect(await refusals(nothing, { maxSubjectsLosing: 1 })).toEqual([expect.stringMatching(/max_subjects_losing: 2 .* 1 may/)]);
    expect(await refusals(nothing, { maxSubjectsLosing: 2 })).toEqual([]);
    expect(await refusals(WIDER, { forbidGain: ['risk:high'] })).toEqual([expect.stringContaining('billing:invoice:approve')]);
    expect(await refusals(WIDER, { forbidGain: ['risk:medium', 'billing:report:*'] })).toEqual([]);
    const ghost = policyFile({ roles: { ...CLERK, ghost: { grants: ['billing:invoice:approve'] } } });
    expect(await refusals(ghost, { forbidGain: ['**:approve'] })).toEqual([expect.stringContaining('billing:invoice:approve')]);
    await expect(refusals(WIDER, { forbidGain: ['risk:hihg'] })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    await expect(refusals(WIDER, { forbidGain: ['biling:**'] })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });

  it('refuses to apply on another base, and when data has changed the outcome; not when it has not', async () => {
    await inForce(BASE);
    const plan = await world.manager.plan(CONTEXT, WIDER, ASKING);
    await world.subjects([{ key: 'dora' }]);
    const other = await world.manager.plan(CONTEXT, WIDER, ASKING);
    await world.assign([{ subject: 'bo', role: 'clerk' }]);
    await expect(world.manager.apply(CONTEXT, plan.planId, 'late')).rejects.toMatchObject({
      code: 'POLICY_CHANGED',
      details: { field: 'outcome' },
    });
    await world.assign([{ subject: 'bo', role: 'clerk', state: 'revoked' }]);
    await world.manager.apply(CONTEXT, plan.planId, 'it is as it was');
    await expect(world.manager.apply(CONTEXT, other.planId, 'later')).rejects.toMatchObject({
      code: 'POLICY_CHANGED',
      details: { field: 'base' },
    });
    expect(await active()).toBe(2);
  });

  it('lets one of two apply what both planned on the same base', async () => {
    await inForce(BASE);
    const plans = [
      await world.manager.plan(CONTEXT, WIDER, ASKING),
      await world.manager.plan(CONTEXT, policyFile({ roles: {} }), ASKING),
    ];
    const outcomes = await Promise.allSettled(plans.map(({ planId }) => world.manager.apply(CONTEXT, planId, 'mine')));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'POLICY_CHANGED' } });
  });

  it('goes back to what was in force before, and to nothing that never was', async () => {
    await expect(rollback(null)).rejects.toMatchObject({ code: 'POLICY_UNKNOWN' });
    await inForce(BASE);
    await inForce(WIDER);
    await world.manager.plan(CONTEXT, policyFile({ roles: {} }), ASKING);
    expect(await rollback(null)).toMatchObject({ number: 3, sequence: 1, planId: null, reason: 'too wide' });
    expect(await active()).toBe(1);
    expect(await rollback(2)).toMatchObject({ number: 4, sequence: 2 });
    await expect(rollback(3)).rejects.toMatchObject({ code: 'PLAN_REFUSED' });
    await expect(rollback(4)).rejects.toMatchObject({ code: 'POLICY_UNKNOWN' });
  });
  const rollback = (to: number | null) =>
    world.manager.rollback(CONTEXT, { tenant: 'acme', set: 'main', to, reason: 'too wide' });

  it('tries a plan out beside what is in force, ends it, and ends it by itself when something else is enforced', async () => {
    await inForce(BASE);
    const plan = await world.manager.plan(CONTEXT, WIDER, ASKING);
    const tried = () => world.policies.shadowPolicy(CONTEXT, world.tenantId);
    const tryOut = (share: number) => world.manager.shadow(CONTEXT, plan.planId, share);
    await tryOut(0.25);
    expect([await tried(), await active()]).toMatchObject([{ policy: { sequence: 2 }, share: 0.25 }, 1]);
    await tryOut(0);
    expect(await tried()).toBeNull();
    await tryOut(1);
    await world.manager.apply(CONTEXT, plan.planId, 'it differed in nothing');
    expect([await tried(), await active()]).toEqual([null, 2]);
    await expect(tryOut(2)).rejects.toMatchObject({ code: 'REQUEST_PARAMETER_INVALID' });
  });

  it('runs tests, those over all stored subjects too, and refuses a plan whose tests fail', async () => {
    await inForce(BASE);
    const tests = [
      {
        apiVersion: 'countersign/v1',
        kind: 'PolicyTest',
        defaults: { now: '2026-05-13T08:30:00Z' },
        subjects: { kim: { assignments: [{ role: 'clerk' }] } },
        tests: [
          {
            name: 'a clerk reads',
            given: { subject: 'kim', audience: 'billing' },
            expect: { permissions: { include: ['billing:invoice:read'] } },
          },
          { name: 'no one loses read', given: { all_subjects: true }, invariant: 'superset_of_live', permissions: ['**:read'] },
        ],
      },
    ];
    const good = await world.manager.test(CONTEXT, WIDER, tests);
    expect(good.results.map(({ name, passed }) => [name, passed])).toEqual([
      ['a clerk reads', true],
      ['no one loses read', true],
    ]);
    const bad = policyFile({ roles: { clerk: { grants: ['billing:invoice:create'] } } });
    const report = await world.manager.test(CONTEXT, bad, tests);
    expect(report.results.map(({ passed }) => passed)).toEqual([false, false]);
    expect(report.results[1]?.differences).toEqual(['ana would lose billing:invoice:read', 'cy would lose billing:invoice:read']);
    const plan = await world.manager.plan(CONTEXT, bad, { ...ASKING, tests });
    expect(plan.refusals).toEqual(['test fails: a clerk reads', 'test fails: no one loses read']);
    await expect(world.manager.apply(CONTEXT, plan.planId, 'anyway')).rejects.toMatchObject({ code: 'PLAN_REFUSED' });
  });

  it('asks recorded decisions again, and counts apart what cannot be told', async () => {
    await inForce(BASE);
    const [ana] = await world.facts.factsOfMany(CONTEXT, world.tenantId, { after: null, limit: 1 });
    const decision = {
      decisionId: 'd',
      tenantId: world.tenantId,
      clientId: 'web',
      subjectId: ana?.subject?.id ?? null,
      audience: BILLING,
      permission: 'billing:invoice:create',
      resourceType: null,
      resourceId: null,
      unit: null,
      allowed: true,
      code: 'granted',
      policyVersion: 'main@1',
      epoch: 1,
      at: 1,
    };
    world.decisions.push(decision, decision, { ...decision, subjectId: null }, { ...decision, code: 'deny_rule' });
    const narrower = policyFile({ roles: { clerk: { grants: ['billing:invoice:read'] } } });
    const { replay } = await world.manager.plan(CONTEXT, narrower, { ...ASKING, replayDays: 1 });
    expect(replay).toEqual({
      decisions: 4,
      notReplayable: 2,
      changed: [{ permission: 'billing:invoice:create', subject: 'ana', before: 'granted', after: 'no_grant', calls: 2 }],
    });
  });

  it('lists every fault of a file, and keeps nothing of it', async () => {
    const document = policyFile({ roles: { clerk: { grants: ['biling:x:y'], inherits: ['ghost'] } } });
    const { faults, name } = await world.manager.lint(CONTEXT, document);
    expect([faults.length, name]).toEqual([2, { tenant: 'acme', set: 'main' }]);
    await expect(world.manager.plan(CONTEXT, document, ASKING)).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    expect((await world.manager.lint(CONTEXT, 'nonsense')).name).toBeNull();
    await expect(world.manager.plan(CONTEXT, policyFile({ roles: {} }, { tenant: 'nowhere' }), ASKING)).rejects.toMatchObject({
      code: 'TENANT_UNRESOLVED',
    });
    expect((await world.questions.history(CONTEXT, { tenant: 'acme', set: 'main' })).versions).toEqual([]);
  });

  it('tells of its progress', async () => {
    const told: unknown[] = [];
    await world.manager.plan(CONTEXT, BASE, { ...ASKING, progress: (progress) => told.push(progress) });
    expect(told.at(-1)).toEqual({ done: 3, total: 3 });
  });

  describe('for operators', () => {
    beforeEach(async () => {
      await world.facts.registerTenant(CONTEXT, { slug: 'platform', status: 'active' });
      await world.policies.activate(CONTEXT, {
        tenant: 'platform',
        set: 'main',
        content: (await import('#accessors/policy/contract.js')).EMPTY_POLICY,
      });
    });

    it.each(['nobody', 'olga', 'boss'])('lets an operator give away what they hold, unless they may more: %s', async (who) => {
      await world.policies.activate(CONTEXT, {
        tenant: 'platform',
        set: 'main',
        content: {
          ...EMPTY_POLICY,
          roles: [
            { key: 'reader', inherits: [], grants: ['billing:invoice:read'], exclude: [] },
            { key: 'boss', inherits: [], grants: ['countersign:**'], exclude: [] },
          ],
        },
      });
      await world.subjects(
        [
          { key: 'olga', tenant: 'platform' },
          { key: 'boss', tenant: 'platform' },
        ].map((subject) => ({ ...subject, identities: [{ instance: 'oidc:https://login.acme.test', externalId: subject.key }] })),
      );
      await world.assign([
        { subject: 'olga', role: 'reader', tenant: 'platform' },
        { subject: 'boss', role: 'boss', tenant: 'platform' },
      ]);
      const context = world.operator(who);
      const reading = policyFile({ roles: { clerk: { grants: ['billing:invoice:read'] } } });
      const [within, beyond] = [
        await world.manager.plan(context, reading, ASKING),
        await world.manager.plan(context, BASE, ASKING),
      ];
      const refused = expect.stringMatching(/does not hold: billing:invoice:create/);
      expect(within.refusals).toHaveLength(who === 'nobody' ? 1 : 0);
      expect(beyond.refusals).toEqual(who === 'boss' ? [] : who === 'olga' ? [refused] : [expect.anything()]);
      const applied = world.manager.apply(context, beyond.planId, 'mine');
      if (who === 'boss') expect(await applied).toMatchObject({ by: context.operator });
      else await expect(applied).rejects.toMatchObject({ code: 'PLAN_REFUSED' });
    });
  });
});

describeOnPostgres('PolicyManager under four eyes', (open) => {
  let world: PolicyWorld;
  beforeAll(async () => {
    world = await policyWorld(await open(), true);
  });
  afterAll(() => world.parts.changeFeed.stop());

  it('applies what another operator has approved, and nothing else', async () => {
    const { planId } = await world.manager.plan(CONTEXT, policyFile({ roles: CLERK }), ASKING);
    await expect(world.manager.apply(CONTEXT, planId, 'alone')).rejects.toMatchObject({ code: 'PLAN_REFUSED' });
    await expect(world.manager.approve(CONTEXT, planId)).rejects.toMatchObject({ code: 'PLAN_REFUSED' });
    await world.manager.approve(world.operator('olga'), planId);
    expect((await world.manager.readPlan(CONTEXT, planId)).approvedBy).toBe(world.operator('olga').operator);
    await expect(world.manager.approve(world.operator('otto'), planId)).rejects.toMatchObject({ code: 'POLICY_CHANGED' });
    expect(await world.manager.apply(CONTEXT, planId, 'agreed')).toMatchObject({ number: 1 });
    expect((await world.changes()).map(({ what }) => what)).toEqual(['policy_plan_approved', 'policy_applied']);
  });

  it('knows no plan of another name', async () => {
    for (const id of ['nonsense', '00000000-0000-4000-8000-000000000000']) {
      await expect(world.manager.readPlan(CONTEXT, id)).rejects.toMatchObject({ code: 'PLAN_UNKNOWN' });
      await expect(world.manager.approve(CONTEXT, id)).rejects.toMatchObject({ code: 'PLAN_UNKNOWN' });
    }
  });
});

function afterEachStops(world: () => PolicyWorld): void {
  afterAll(() => world().parts.changeFeed.stop());
}
