import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CONTEXT, policyFile, policyWorld, type PolicyWorld } from '../../../managers/policy/fixtures/policy-world.fixture.js';
import { describeOnPostgres } from '../../support/database.js';
import type { KillPoint } from '../keys/replica.process.js';

const HOOKS = join(import.meta.dirname, '../../support/typescript.mjs');
const MAIN = join(import.meta.dirname, 'policy.replica.main.ts');

/** Every step with which an apply writes, and the ones around them; `applied`: whether the change is there afterwards. */
const KILL_POINTS: readonly (KillPoint & { readonly name: string; readonly applied: boolean })[] = [
  { name: 'before the tenant is locked', kind: 'statement', moment: 'before', words: 'for no key update', applied: false },
  { name: 'after the tenant is locked', kind: 'statement', moment: 'after', words: 'for no key update', applied: false },
  { name: 'before the activation', kind: 'statement', moment: 'before', words: 'insert into policy_activation', applied: false },
  { name: 'after the activation', kind: 'statement', moment: 'after', words: 'insert into policy_activation', applied: false },
  { name: 'before the record', kind: 'statement', moment: 'before', words: 'audit', applied: false },
  { name: 'after the record', kind: 'statement', moment: 'after', words: 'audit', applied: false },
  { name: 'before the commit', kind: 'commit', moment: 'before', words: '', applied: false },
  { name: 'after the commit', kind: 'commit', moment: 'after', words: '', applied: true },
  { name: 'before the announcement', kind: 'announcement', moment: 'before', words: '', applied: true },
  { name: 'after the announcement', kind: 'announcement', moment: 'after', words: '', applied: true },
];
const ROLES = [
  { clerk: { grants: ['billing:invoice:read'] } },
  { clerk: { grants: ['billing:invoice:*'] }, other: { grants: ['**'] } },
];

describeOnPostgres('a process that is killed while it applies a policy', (open) => {
  let replicas: readonly PolicyWorld[];
  let url = '';
  let turn = 0;

  beforeAll(async () => {
    const test = await open();
    url = test.settings.kind === 'postgres' ? test.settings.url : '';
    replicas = [await policyWorld(test), await policyWorld({ database: await test.reopen() })];
    await own().subjects([{ key: 'ana' }]);
    await own().assign([{ subject: 'ana', role: 'clerk' }]);
    const first = await plan();
    await own().manager.apply(CONTEXT, first, 'first');
  }, 60_000);
  afterAll(async () => {
    for (const replica of replicas) await replica.parts.changeFeed.stop();
  });

  const own = (): PolicyWorld => {
    const [first] = replicas;
    if (first === undefined) throw new Error('there is no replica');
    return first;
  };
  const plan = async (): Promise<string> => {
    const document = policyFile({ roles: ROLES[turn % 2] ?? {} });
    const { planId } = await own().manager.plan(CONTEXT, document, { guardRails: {}, tests: [], replayDays: null });
    turn += 1;
    return planId;
  };
  const inForce = (): Promise<readonly object[]> =>
    Promise.all(
      replicas.map(async ({ parts, policies, tenantId }) => {
        await parts.changeFeed.announce();
        return policies.activePolicy(CONTEXT, tenantId);
      }),
    );
  const records = async (): Promise<number> => (await own().changes()).length;

  async function apply(
    planId: string,
    diesAt: KillPoint | null,
  ): Promise<{ readonly signal: string | null; readonly code: number | null }> {
    const child = spawn(process.execPath, ['--import', HOOKS, MAIN, JSON.stringify({ url, planId, diesAt })], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return { code, signal };
  }

  it.each(KILL_POINTS)(
    'leaves the old or the new policy whole on every replica, with its record or without: $name',
    async ({ applied, ...point }) => {
      const planId = await plan();
      const [old] = await inForce();
      const before = await records();
      expect(await apply(planId, point)).toEqual({ code: null, signal: 'SIGKILL' });

      const [one, other] = await inForce();
      expect(one).toEqual(other);
      expect(JSON.stringify(one) !== JSON.stringify(old)).toBe(applied);
      if (!applied) expect(one).toEqual(old);
      expect(await records()).toBe(before + (applied ? 1 : 0));

      // Whoever comes next finds no lock and no half of a change.
      const again = own().manager.apply(CONTEXT, planId, 'once more');
      if (applied) await expect(again).rejects.toMatchObject({ code: 'POLICY_CHANGED' });
      else expect(await again).toMatchObject({ planId });
      const roles = Object.keys(ROLES[(turn - 1) % 2] ?? {});
      for (const replica of await inForce()) expect(replica).toMatchObject({ roles: roles.map((key) => ({ key })) });
    },
    60_000,
  );

  it('applies in a process that lives', async () => {
    expect(await apply(await plan(), null)).toEqual({ code: 0, signal: null });
  }, 60_000);
});
